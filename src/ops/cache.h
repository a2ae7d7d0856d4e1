// One layer's part of the paged cache.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/layout.h"

namespace frugal::ops {

/// Block b of this layer starts at base + b * stride. The base is nullptr when there is no cache.
struct CacheSlice {
  std::byte* base = nullptr;
  std::int64_t stride = 0;

  float* block(std::int32_t b) const { return reinterpret_cast<float*>(base + b * stride); }
};

/// Where a cached or packed run of positions lies: position p of a sequence is row p % 64 of tile p
/// / 64.
struct Tiles {
  const Segment& segment;
  const float* packed;  // [T, width]: the rows themselves, when the segment has no cache
  CacheSlice cache;
  std::int64_t width;   // floats between consecutive positions
  std::int64_t offset;  // floats before the tile in its cache block

  const float* tile(std::int64_t index) const {
    if (segment.blocks.empty()) return packed + (segment.row + index * kBlockTokens) * width;
    return cache.block(segment.blocks[static_cast<std::size_t>(index)]) + offset;
  }
};

/// Copies the layout's rows of `rows` [T, width] to their places in the cache.
void store_rows(const SequenceLayout& layout, const float* rows, std::int64_t width,
                CacheSlice cache, std::int64_t offset);

}  // namespace frugal::ops

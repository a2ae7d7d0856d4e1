// One layer's part of the paged cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/layout.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// How the cache holds its numbers. Rounding is part of the result, with and without a cache.
enum class CacheType : std::uint8_t {
  f32,
  f16,
  q8_0,  // whole numbers up to 127, and a scale in half precision for each 32 of one position
};

/// Numbers that share a scale in q8_0.
inline constexpr std::int64_t kCacheGroup = 32;
constexpr std::int64_t cache_groups(std::int64_t width) {
  return (width + kCacheGroup - 1) / kCacheGroup;
}

/// Bytes of `width` numbers of each of kBlockTokens positions; in q8_0 the numbers come first, then
/// the scales.
constexpr std::int64_t cache_tile_bytes(CacheType type, std::int64_t width) {
  switch (type) {
    case CacheType::f32:
      return kBlockTokens * width * 4;
    case CacheType::f16:
      return kBlockTokens * width * 2;
    case CacheType::q8_0:
      return kBlockTokens * (width + cache_groups(width) * 2);
  }
  return 0;
}

/// Block b of this layer starts at base + b * stride. The base is nullptr when there is no cache.
struct CacheSlice {
  std::byte* base = nullptr;
  std::int64_t stride = 0;

  std::byte* block(std::int32_t b) const { return base + b * stride; }
};

/// A segment and where its cache lies: what the layout says, or memory for the time being.
struct CachedSegment {
  Segment segment;  // with blocks
  CacheSlice cache;
};

/// The segments of a layout, each with a cache: those that have none (training) share temporary
/// memory, so they are to be worked on one after the other.
class CachedLayout {
 public:
  /// `block_bytes` of one layer. Throws Error when a block table does not cover its segment, and
  /// when a segment without a cache does not start at position 0.
  CachedLayout(const SequenceLayout& layout, CacheSlice cache, std::int64_t block_bytes);

  const std::vector<CachedSegment>& segments() const { return segments_; }

 private:
  Buffer memory_;                     // [blocks, block_bytes]
  std::vector<std::int32_t> blocks_;  // 0, 1, ...
  std::vector<CachedSegment> segments_;
};

}  // namespace frugal::ops

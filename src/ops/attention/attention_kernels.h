// The kernels behind attention(), one set per instruction set, and how they keep keys and values.
#pragma once

#include "base/cpu.h"
#include "ops/attention/attention.h"
#include "ops/attention/cache_number.h"

namespace frugal::ops {

/// A cache block of one layer: 64 positions of every key and value head. Keys are transposed, so
/// that a SIMD lane is a position when scores are computed; values stand in rows, padded to whole
/// registers, so that a lane is a dim when they are mixed.
struct KvTile {
  const AttentionShape& shape;
  std::byte* base;

  static constexpr std::int64_t padded(std::int64_t dims) { return (dims + 15) / 16 * 16; }

  static std::int64_t key_bytes(const AttentionShape& shape) {
    return cache_tile_bytes(shape.cache, shape.head_dim);
  }
  static std::int64_t value_bytes(const AttentionShape& shape) {
    return cache_tile_bytes(shape.cache, padded(shape.value_dim()));
  }

  /// Keys of one head [head_dim, 64].
  CacheTile keys(std::int64_t kv_head) const {
    return {shape.cache, base + kv_head * key_bytes(shape), shape.head_dim, true};
  }
  /// Values of one head [64, padded(value_dim)].
  CacheTile values(std::int64_t kv_head) const {
    std::byte* first = base + shape.n_kv_heads * key_bytes(shape);
    return {shape.cache, first + kv_head * value_bytes(shape), padded(shape.value_dim()), false};
  }
};

/// Some queries of one sequence that share a key and value head. Query i belongs to row i / group
/// of the segment and to head i % group of those that share, group = n_heads / n_kv_heads.
struct AttentionJob {
  const AttentionShape& shape;
  const Segment& segment;  // with blocks
  CacheSlice cache;
  std::int64_t kv_head;
  std::int64_t first;  // query
  std::int64_t count;  // at most queries_at_once()
  const float* q;      // [T, n_heads, head_dim]
  float* out;          // [T, n_heads, value_dim]

  std::int64_t group() const { return shape.n_heads / shape.n_kv_heads; }
  /// Place of query i among those of all rows and heads.
  std::int64_t place(std::int64_t i) const {
    return (segment.row + i / group()) * shape.n_heads + kv_head * group() + i % group();
  }
  const float* query(std::int64_t i) const { return q + place(i) * shape.head_dim; }
  float* result(std::int64_t i) const { return out + place(i) * shape.value_dim(); }
  /// Positions that query i attends to.
  std::int64_t length(std::int64_t i) const { return segment.position + i / group() + 1; }
  KvTile tile(std::int64_t index) const {
    return {shape, cache.block(segment.blocks[static_cast<std::size_t>(index)])};
  }
};

/// Floats of results that a job may keep on its stack, and with it how many queries it may have.
inline constexpr std::int64_t kJobFloats = 8192;
inline constexpr std::int64_t kJobQueries = 48;
inline std::int64_t queries_at_once(const AttentionShape& shape) {
  const std::int64_t fit = kJobFloats / KvTile::padded(shape.value_dim());
  return fit < kJobQueries ? fit : kJobQueries;
}

struct AttentionKernels {
  /// Each query attends to its positions, tile after tile. A score is one chain of fused
  /// multiply-adds along the dims, a mixed value one along the positions.
  void (*attend)(const AttentionJob& job);
};

AttentionKernels attention_kernels_reference(CacheType type);
AttentionKernels attention_kernels_avx2(CacheType type);
AttentionKernels attention_kernels_avx512(CacheType type);

}  // namespace frugal::ops

// The kernels behind mla() in absorbed form, one set per instruction set.
#pragma once

#include "base/cpu.h"
#include "ops/attention/cache_number.h"
#include "ops/mla/mla.h"
#include "ops/softmax_tile.h"

namespace frugal::ops {

inline constexpr std::int64_t kMlaLanes = 16;
constexpr std::int64_t padded_to_lanes(std::int64_t n) {
  return (n + kMlaLanes - 1) / kMlaLanes * kMlaLanes;
}

/// A cached sequence's latents, a tile of 64 positions at a time: [64, stride()] numbers of the
/// cache's type.
struct LatentTiles {
  const MlaShape& shape;
  const Segment& segment;  // with blocks
  CacheSlice cache;

  std::int64_t stride() const { return padded_to_lanes(shape.latent_width()); }
  CacheTile tile(std::int64_t index) const {
    return {shape.cache, cache.block(segment.blocks[static_cast<std::size_t>(index)]), stride(),
            false};
  }
};

/// Queries of one job in absorbed form at most, in panels of 16: a SIMD lane is a query when scores
/// are computed, since they all read the same latents.
inline constexpr std::int64_t kJobPanels = 2;
inline constexpr std::int64_t kJobQueries = kJobPanels * kMlaLanes;
/// Columns of latents that are multiplied while they are in the first cache.
inline constexpr std::int64_t kMlaDepth = 192;

/// Some queries of one sequence in absorbed form. Query i belongs to row i / n_heads of the segment
/// and to head i % n_heads.
struct AbsorbedJob {
  LatentTiles latents;
  std::int64_t first;       // query
  std::int64_t count;       // at most kJobQueries
  const float* q;           // [T, n_heads, nope + rope]
  const float* q_latent;    // [T, n_heads, kv_lora_rank]: the queries moved into the latent space
  float* mixed;             // [T, n_heads, mixed_width()]: sums of latents
  float* panels;            // [kJobPanels, latent_width, 16]
  float* weights;           // [kept_tiles, count, 64]: scores, then exponentials
  float* shrink;            // [kept_tiles, count]
  std::int64_t kept_tiles;  // how many tiles' weights have room: all, or 1
  SoftmaxState* states;     // [count]

  const MlaShape& shape() const { return latents.shape; }
  std::int64_t panel_count() const { return (count + kMlaLanes - 1) / kMlaLanes; }
  std::int64_t mixed_width() const { return padded_to_lanes(shape().kv_lora_rank); }
  /// The query among those of all rows.
  std::int64_t query(std::int64_t i) const {
    return latents.segment.row * shape().n_heads + first + i;
  }
  float* mixed_row(std::int64_t i) const { return mixed + query(i) * mixed_width(); }
  /// Positions that query i attends to.
  std::int64_t length(std::int64_t i) const {
    return latents.segment.position + (first + i) / shape().n_heads + 1;
  }
  std::int64_t tiles() const { return (length(count - 1) + kBlockTokens - 1) / kBlockTokens; }
  /// How many positions of a tile query i sees.
  std::int64_t seen(std::int64_t i, std::int64_t tile) const {
    const std::int64_t left = length(i) - tile * kBlockTokens;
    return left < 0 ? 0 : left < kBlockTokens ? left : kBlockTokens;
  }
  float* tile_weights(std::int64_t tile) const {
    return weights + tile % kept_tiles * count * kBlockTokens;
  }
  float* tile_shrink(std::int64_t tile) const { return shrink + tile % kept_tiles * count; }
};

struct MlaKernels {
  /// Reads columns [begin, end), multiples of 16, of the first `count` latents of a tile as floats
  /// to the same columns of out [count, stride()].
  void (*load)(const LatentTiles& latents, std::int64_t tile, std::int64_t count,
               std::int64_t begin, std::int64_t end, float* out);
  // One after the other for each tile. A score is one chain of fused multiply-adds along the latent
  // and the shared key, a mixed value one along the positions.
  /// Fills panels.
  void (*arrange)(const AbsorbedJob& job);
  /// Scores of a tile, already scaled. Loads the tile into latents [64, stride()].
  void (*score)(const AbsorbedJob& job, std::int64_t tile, float* latents);
  /// Exponentials of queries [begin, end).
  void (*soften)(const AbsorbedJob& job, std::int64_t tile, std::int64_t begin, std::int64_t end);
  /// Adds latents [64, stride()] of the tile to columns [begin, end) of mixed, multiples of 16.
  void (*mix)(const AbsorbedJob& job, std::int64_t tile, const float* latents, std::int64_t begin,
              std::int64_t end);
  /// Divides these columns of mixed by the sums of exponentials.
  void (*finish)(const AbsorbedJob& job, std::int64_t begin, std::int64_t end);
};

MlaKernels mla_kernels(Isa isa, CacheType type);
MlaKernels mla_kernels_reference(CacheType type);
MlaKernels mla_kernels_avx2(CacheType type);
MlaKernels mla_kernels_avx512(CacheType type);

}  // namespace frugal::ops

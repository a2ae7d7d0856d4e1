// Attention in registers. Templates over Simd (ops/simd/), so that each instruction set compiles
// its own copy; attention_reference.cpp is the plain definition.
#pragma once

#include "ops/attention/attention_kernels.h"
#include "ops/attention/tile_kernel.h"
#include "ops/simd/with_constant.h"

namespace frugal::ops {

template <class Simd, CacheType kType>
struct AttentionKernel {
  using Tiles = TileKernel<Simd, kType>;
  using Reader = CacheReader<Simd, kType>;
  static constexpr int kQueries = Simd::kQueries;  // queries that share a pass over a tile

  /// Queries [i, i + kRows) of the job and one tile, which all but the first may see only in part.
  template <int kRows>
  static void add_tile(const AttentionJob& job, std::int64_t i, std::int64_t index,
                       SoftmaxState* states, float* out) {
    const KvTile tile = job.tile(index);
    const float* q[kRows];
    std::int64_t counts[kRows];
    for (int r = 0; r < kRows; ++r) {
      q[r] = job.q + job.place(job.first + i + r);
      const std::int64_t left = job.length(job.first + i + r) - index * kBlockTokens;
      counts[r] = left < 0 ? 0 : left < kBlockTokens ? left : kBlockTokens;
    }
    Tiles::template add<kRows>(
        {Reader(tile.keys(job.kv_head)), Reader(tile.values(job.kv_head)), job.shape.head_dim,
         KvTile::padded(job.shape.head_dim), job.shape.scale},
        q, counts, states, out);
  }

  static void add_tile(const AttentionJob& job, std::int64_t i, std::int64_t rows,
                       std::int64_t index, SoftmaxState* states, float* out) {
    with_constant<kQueries>(
        rows, [&](auto constant) { add_tile<constant()>(job, i, index, states, out); });
  }

  static void attend(const AttentionJob& job) {
    alignas(64) float out[kJobFloats];  // [count, padded(head_dim)]
    SoftmaxState states[kJobQueries];
    const std::int64_t width = KvTile::padded(job.shape.head_dim);
    for (std::int64_t i = 0; i < job.count * width; ++i) out[i] = 0;
    const std::int64_t length = job.length(job.first + job.count - 1);
    for (std::int64_t index = 0; index * kBlockTokens < length; ++index) {
      for (std::int64_t i = 0; i < job.count; i += kQueries) {
        const std::int64_t rows = job.count - i < kQueries ? job.count - i : kQueries;
        if (job.length(job.first + i + rows - 1) <= index * kBlockTokens) continue;
        add_tile(job, i, rows, index, states + i, out + i * width);
      }
    }
    for (std::int64_t i = 0; i < job.count; ++i) {
      float* to = job.out + job.place(job.first + i);
      for (std::int64_t d = 0; d < job.shape.head_dim; ++d)
        to[d] = out[i * width + d] / states[i].sum;
    }
  }
};

template <class Simd>
AttentionKernels attention_kernels(CacheType type) {
  switch (type) {
    case CacheType::f16:
      return {AttentionKernel<Simd, CacheType::f16>::attend};
    case CacheType::q8_0:
      return {AttentionKernel<Simd, CacheType::q8_0>::attend};
    case CacheType::f32:
      break;
  }
  return {AttentionKernel<Simd, CacheType::f32>::attend};
}

}  // namespace frugal::ops

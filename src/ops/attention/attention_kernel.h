// Attention in registers. Templates over Simd (ops/simd/), so that each instruction set compiles
// its own copy; attention_reference.cpp is the plain definition.
#pragma once

#include "ops/attention/attention_kernels.h"
#include "ops/attention/mix.h"
#include "ops/simd/with_constant.h"
#include "ops/softmax_tile.h"

namespace frugal::ops {

template <class Simd, CacheType kType>
struct AttentionKernel {
  using Floats = typename Simd::Floats;
  using Reader = CacheReader<Simd, kType>;
  static constexpr int kQueries = Simd::kQueries;  // queries that share a pass over a tile
  static constexpr int kLanes16 = 16;
  static constexpr int kColumns = kBlockTokens / kLanes16;  // registers of a row of scores

  /// scores[r][64] = scale * (q[r] . keys).
  template <int kRows>
  static void score(const AttentionShape& shape, const float* const* q, const Reader& keys,
                    float (*scores)[kBlockTokens]) {
    constexpr int kTogether = Simd::kColumns;
    for (int c = 0; c < kColumns; c += kTogether) {
      Floats sums[kRows][kTogether];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) sums[r][i] = Simd::zero();
      }
      for (std::int64_t d = 0; d < shape.head_dim; ++d) {
        Floats k[kTogether];
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) {
          k[i] = keys.column(d, (c + i) * kLanes16);
        }
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          const Floats value = Simd::set(q[r][d]);
#pragma GCC unroll 4
          for (int i = 0; i < kTogether; ++i) sums[r][i] = Simd::fma(value, k[i], sums[r][i]);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) {
          Simd::store(scores[r] + (c + i) * kLanes16,
                      Simd::multiply(Simd::set(shape.scale), sums[r][i]));
        }
      }
    }
  }

  /// Queries [i, i + kRows) of the job and one tile, which all but the first may see only in part.
  template <int kRows>
  static void add_tile(const AttentionJob& job, std::int64_t i, std::int64_t index,
                       SoftmaxState* states, float* out) {
    const KvTile tile = job.tile(index);
    const std::int64_t width = KvTile::padded(job.shape.value_dim());
    const float* q[kRows];
    std::int64_t counts[kRows];
    for (int r = 0; r < kRows; ++r) {
      q[r] = job.query(job.first + i + r);
      const std::int64_t left = job.length(job.first + i + r) - index * kBlockTokens;
      counts[r] = left < 0 ? 0 : left < kBlockTokens ? left : kBlockTokens;
    }
    alignas(64) float scores[kRows][kBlockTokens];
    score<kRows>(job.shape, q, Reader(tile.keys(job.kv_head)), scores);
    float shrink[kRows];
    for (int r = 0; r < kRows; ++r) {
      shrink[r] = counts[r] == 0 ? 1.0F : softmax_tile(scores[r], counts[r], states[r]);
    }
    const MixRows rows = {scores[0], shrink, out, width};
    Mixer<Simd, kType>::template mix_causal<kRows>(rows, counts, Reader(tile.values(job.kv_head)),
                                                   0, width);
  }

  static void add_tile(const AttentionJob& job, std::int64_t i, std::int64_t rows,
                       std::int64_t index, SoftmaxState* states, float* out) {
    with_constant<kQueries>(
        rows, [&](auto constant) { add_tile<constant()>(job, i, index, states, out); });
  }

  static void attend(const AttentionJob& job) {
    alignas(64) float out[kJobFloats];  // [count, padded(value_dim)]
    SoftmaxState states[kJobQueries];
    const std::int64_t width = KvTile::padded(job.shape.value_dim());
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
      float* to = job.result(job.first + i);
      for (std::int64_t d = 0; d < job.shape.value_dim(); ++d)
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

// A few queries and one tile of one head, in registers: what plain attention and the expanded form
// of latent attention share. Templates over Simd (ops/simd/), so that each instruction set compiles
// its own copy.
#pragma once

#include "ops/attention/mix.h"
#include "ops/softmax_tile.h"

namespace frugal::ops {

template <class Simd, CacheType kType>
struct TileKernel {
  using Floats = typename Simd::Floats;
  using Reader = CacheReader<Simd, kType>;
  static constexpr int kLanes16 = 16;
  static constexpr int kColumns = kBlockTokens / kLanes16;  // registers of a row of scores

  /// scores[r][64] = scale * (q[r] . keys), of `dims` dims.
  template <int kRows>
  static void score(std::int64_t dims, float scale, const float* const* q, const Reader& keys,
                    float (*scores)[kBlockTokens]) {
    constexpr int kTogether = Simd::kColumns;
    for (int c = 0; c < kColumns; c += kTogether) {
      Floats sums[kRows][kTogether];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) sums[r][i] = Simd::zero();
      }
      for (std::int64_t d = 0; d < dims; ++d) {
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
          Simd::store(scores[r] + (c + i) * kLanes16, Simd::multiply(Simd::set(scale), sums[r][i]));
        }
      }
    }
  }

  /// A tile of one head: keys of `dims` dims, values of `width` numbers, a multiple of 16.
  struct Tile {
    Reader keys;
    Reader values;
    std::int64_t dims;
    std::int64_t width;
    float scale;
  };

  /// Goes on with the sums out [kRows, width] of queries of which q[r] sees the first counts[r]
  /// positions of the tile, later ones no fewer.
  template <int kRows>
  static void add(const Tile& tile, const float* const* q, const std::int64_t* counts,
                  SoftmaxState* states, float* out) {
    alignas(64) float scores[kRows][kBlockTokens];
    score<kRows>(tile.dims, tile.scale, q, tile.keys, scores);
    float shrink[kRows];
    for (int r = 0; r < kRows; ++r) {
      shrink[r] = counts[r] == 0 ? 1.0F : softmax_tile(scores[r], counts[r], states[r]);
    }
    const MixRows rows = {scores[0], shrink, out, tile.width};
    Mixer<Simd, kType>::template mix_causal<kRows>(rows, counts, tile.values, 0, tile.width);
  }
};

}  // namespace frugal::ops

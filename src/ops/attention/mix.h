// Weighted sums of the rows of a tile, and the numbers of the cache. Templates over Simd
// (ops/simd/), so that each instruction set compiles its own copy.
#pragma once

#include "ops/cache.h"

namespace frugal::ops {

/// Numbers of the cache, sixteen at a time.
template <class Simd, CacheType kType>
struct CacheNumbers {
  static constexpr std::int64_t kBytes = element_bytes(kType);

  static typename Simd::Floats load(const std::byte* from, std::int64_t index) {
    const std::byte* at = from + index * kBytes;
    if constexpr (kType == CacheType::f16) return Simd::load_half(at);
    if constexpr (kType == CacheType::f32) return Simd::load(reinterpret_cast<const float*>(at));
  }
  static void store(std::byte* to, typename Simd::Floats values) {
    if constexpr (kType == CacheType::f16) Simd::store_half(to, values);
    if constexpr (kType == CacheType::f32) Simd::store(reinterpret_cast<float*>(to), values);
  }
};

/// Rows of results and of weights lie at these distances, in floats.
struct MixRows {
  const float* weights;  // [rows, 64]
  const float* shrink;   // [rows]
  float* out;            // [rows, out_stride]
  std::int64_t out_stride;
};

template <class Simd, CacheType kType>
struct Mixer {
  using Floats = typename Simd::Floats;
  using Numbers = CacheNumbers<Simd, kType>;
  static constexpr int kLanes16 = 16;
  static constexpr int kRows = Simd::kQueries;

  /// Columns [d, d + kTogether * 16) of out[r] = shrink[r] * out[r] + the sum over positions j in
  /// [begin, end) of weights[r][j] * values[j]; values [64, width].
  template <int kCount, int kTogether>
  static void columns(const MixRows& rows, const std::byte* values, std::int64_t width,
                      std::int64_t begin, std::int64_t end, std::int64_t d) {
    Floats sums[kCount][kTogether];
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r) {
#pragma GCC unroll 4
      for (int i = 0; i < kTogether; ++i) {
        sums[r][i] = Simd::multiply(Simd::load(rows.out + r * rows.out_stride + d + i * kLanes16),
                                    Simd::set(rows.shrink[r]));
      }
    }
    for (std::int64_t j = begin; j < end; ++j) {
      Floats v[kTogether];
#pragma GCC unroll 4
      for (int i = 0; i < kTogether; ++i) {
        v[i] = Numbers::load(values, j * width + d + i * kLanes16);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kCount; ++r) {
        const Floats weight = Simd::set(rows.weights[r * kBlockTokens + j]);
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) sums[r][i] = Simd::fma(weight, v[i], sums[r][i]);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r) {
#pragma GCC unroll 4
      for (int i = 0; i < kTogether; ++i) {
        Simd::store(rows.out + r * rows.out_stride + d + i * kLanes16, sums[r][i]);
      }
    }
  }

  /// Columns [first, last), multiples of 16.
  template <int kCount>
  static void mix(const MixRows& rows, const std::byte* values, std::int64_t width,
                  std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t last) {
    constexpr int kTogether = Simd::kColumns;
    std::int64_t d = first;
    for (; d + kTogether * kLanes16 <= last; d += kTogether * kLanes16) {
      columns<kCount, kTogether>(rows, values, width, begin, end, d);
    }
    if constexpr (kTogether > 1) {
      for (; d < last; d += kLanes16) columns<kCount, 1>(rows, values, width, begin, end, d);
    }
  }

  /// kCount rows of which row r sees the first counts[r] positions, later rows no fewer. What lies
  /// behind the end of a sequence is never touched.
  template <int kCount>
  static void mix_causal(const MixRows& rows, const std::int64_t* counts, const std::byte* values,
                         std::int64_t width, std::int64_t first, std::int64_t last) {
    mix<kCount>(rows, values, width, 0, counts[0], first, last);
    for (int r = 1; r < kCount; ++r) {
      if (counts[r] == counts[0]) continue;
      const float one = 1.0F;
      const MixRows row = {rows.weights + r * kBlockTokens, &one, rows.out + r * rows.out_stride,
                           0};
      mix<1>(row, values, width, counts[0], counts[r], first, last);
    }
  }

  /// The same for up to kRows rows.
  static void mix_causal(int count, const MixRows& rows, const std::int64_t* counts,
                         const std::byte* values, std::int64_t width, std::int64_t first,
                         std::int64_t last) {
    switch (count) {
      case 1:
        return mix_causal<1>(rows, counts, values, width, first, last);
      case 2:
        return mix_causal<2>(rows, counts, values, width, first, last);
      case 3:
        return mix_causal<3>(rows, counts, values, width, first, last);
      case 4:
        return mix_causal<4>(rows, counts, values, width, first, last);
      case 5:
        return mix_causal<5>(rows, counts, values, width, first, last);
      default:
        return mix_causal<kRows>(rows, counts, values, width, first, last);
    }
  }
};

}  // namespace frugal::ops

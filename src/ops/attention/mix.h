// Weighted sums of the rows of a tile, and the numbers of the cache. Templates over Simd
// (ops/simd/), so that each instruction set compiles its own copy.
#pragma once

#include "ops/attention/cache_number.h"
#include "ops/simd/with_constant.h"

namespace frugal::ops {

/// Numbers of the cache, sixteen at a time: the fast form of load_number().
template <class Simd, CacheType kType>
class CacheReader {
 public:
  using Floats = typename Simd::Floats;

  explicit CacheReader(const CacheTile& tile)
      : base_(tile.base),
        width_(tile.width),
        scales_(tile.base + kBlockTokens * tile.width),
        groups_(cache_groups(tile.width)) {}
  /// Positions that are rows of `width` floats.
  CacheReader(const float* rows, std::int64_t width) requires(kType == CacheType::f32)
      : base_(reinterpret_cast<const std::byte*>(rows)),
        width_(width),
        scales_(nullptr),
        groups_(0) {}

  /// Numbers [i, i + 16) of a position, i a multiple of 16; of a tile that is not transposed.
  Floats row(std::int64_t position, std::int64_t i) const {
    const std::int64_t place = position * width_ + i;
    if constexpr (kType == CacheType::q8_0) {
      return Simd::multiply(Simd::to_float(Simd::load_i8(base_ + place)),
                            Simd::set_half(scales_ + 2 * (position * groups_ + i / kCacheGroup)));
    }
    return plain(place);
  }

  /// Number i of positions [position, position + 16) of a transposed tile.
  Floats column(std::int64_t i, std::int64_t position) const {
    const std::int64_t place = i * kBlockTokens + position;
    if constexpr (kType == CacheType::q8_0) {
      return Simd::multiply(
          Simd::to_float(Simd::load_i8(base_ + place)),
          Simd::load_half(scales_ + 2 * (i / kCacheGroup * kBlockTokens + position)));
    }
    return plain(place);
  }

 private:
  Floats plain(std::int64_t place) const {
    if constexpr (kType == CacheType::f16) return Simd::load_half(base_ + 2 * place);
    return Simd::load(reinterpret_cast<const float*>(base_) + place);
  }

  const std::byte* base_;
  std::int64_t width_;
  const std::byte* scales_;
  std::int64_t groups_;
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
  using Values = CacheReader<Simd, kType>;
  static constexpr int kLanes16 = 16;
  static constexpr int kRows = Simd::kQueries;

  /// Columns [d, d + kTogether * 16) of out[r] = shrink[r] * out[r] + the sum over positions j in
  /// [begin, end) of weights[r][j] * the values of position j.
  template <int kCount, int kTogether>
  static void columns(const MixRows& rows, const Values& values, std::int64_t begin,
                      std::int64_t end, std::int64_t d) {
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
        v[i] = values.row(j, d + i * kLanes16);
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
  static void mix(const MixRows& rows, const Values& values, std::int64_t begin, std::int64_t end,
                  std::int64_t first, std::int64_t last) {
    constexpr int kTogether = Simd::kColumns;
    std::int64_t d = first;
    for (; d + kTogether * kLanes16 <= last; d += kTogether * kLanes16) {
      columns<kCount, kTogether>(rows, values, begin, end, d);
    }
    if constexpr (kTogether > 1) {
      for (; d < last; d += kLanes16) columns<kCount, 1>(rows, values, begin, end, d);
    }
  }

  /// kCount rows of which row r sees the first counts[r] positions, later rows no fewer. What lies
  /// behind the end of a sequence is never touched.
  template <int kCount>
  static void mix_causal(const MixRows& rows, const std::int64_t* counts, const Values& values,
                         std::int64_t first, std::int64_t last) {
    mix<kCount>(rows, values, 0, counts[0], first, last);
    for (int r = 1; r < kCount; ++r) {
      if (counts[r] == counts[0]) continue;
      const float one = 1.0F;
      const MixRows row = {rows.weights + r * kBlockTokens, &one, rows.out + r * rows.out_stride,
                           0};
      mix<1>(row, values, counts[0], counts[r], first, last);
    }
  }

  /// The same for up to kRows rows.
  static void mix_causal(int count, const MixRows& rows, const std::int64_t* counts,
                         const Values& values, std::int64_t first, std::int64_t last) {
    with_constant<kRows>(
        count, [&](auto constant) { mix_causal<constant()>(rows, counts, values, first, last); });
  }
};

}  // namespace frugal::ops

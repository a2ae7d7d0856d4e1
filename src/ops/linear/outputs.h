// Where the kernels keep and put their outputs. Templates over Simd (ops/simd/), so that each
// instruction set compiles its own copy.
#pragma once

#include <algorithm>

#include "ops/panel/panel_format.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// Rows x Panels x 16 outputs, held in registers.
template <class Simd, int kRows, int kPanels>
struct Sums {
  typename Simd::Floats at[kRows][kPanels];
};

/// Outputs of one product: y [T, n] in rows, of which a panel takes 16 columns.
template <class Simd>
struct Outputs {
  StridedView<float> y;
  const float* bias;

  /// Columns that panel p has in y; less than 16 in the last one.
  std::int64_t columns(std::int64_t p) const {
    const std::int64_t left = y.cols - p * kPanelRows;
    return left < kPanelRows ? left : kPanelRows;
  }
  typename Simd::Floats load(std::int64_t row, std::int64_t p) const {
    const float* from = y.row(row) + p * kPanelRows;
    if (columns(p) == kPanelRows) return Simd::load(from);
    float whole[kPanelRows] = {};
    for (std::int64_t i = 0; i < columns(p); ++i) whole[i] = from[i];
    return Simd::load(whole);
  }
  /// Stores sums as they are, or as outputs with the bias added.
  void store(std::int64_t row, std::int64_t p, typename Simd::Floats sums, bool done) const {
    float* to = y.row(row) + p * kPanelRows;
    if (columns(p) == kPanelRows) {
      if (done && bias != nullptr) sums = Simd::add(sums, Simd::load(bias + p * kPanelRows));
      return Simd::store(to, sums);
    }
    float whole[kPanelRows];
    Simd::store(whole, sums);
    for (std::int64_t i = 0; i < columns(p); ++i) {
      to[i] = done && bias != nullptr ? whole[i] + bias[p * kPanelRows + i] : whole[i];
    }
  }
};

/// kRows x kPanels x 16 outputs, from row `row` and panel `panel` on.
template <class Simd, int kRows, int kPanels>
class OutputBlock {
 public:
  /// `unfinished` [kRows, kPanels * 16] keeps sums from one part of k to the next.
  OutputBlock(StridedView<float> y, const float* bias, std::int64_t row, std::int64_t panel,
              float* unfinished)
      : y_{y.row(row) + panel * kPanelRows, kRows, y.cols - panel * kPanelRows, y.stride},
        bias_(bias == nullptr ? nullptr : bias + panel * kPanelRows),
        unfinished_(unfinished) {}

  /// Zeros the first time, then what was kept.
  [[gnu::always_inline]] void load(Sums<Simd, kRows, kPanels>& sums, bool first) const {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p) {
        sums.at[r][p] =
            first ? Simd::zero() : Simd::load(unfinished_ + r * kColumns + p * kPanelRows);
      }
    }
  }

  /// Asks for the memory of y, which nothing has read before.
  [[gnu::always_inline]] void expect() const {
    for (int r = 0; r < kRows; ++r) {
      for (int p = 0; p < kPanels; ++p) __builtin_prefetch(y_.row(r) + p * kPanelRows, 1);
    }
  }

  [[gnu::always_inline]] void keep(const Sums<Simd, kRows, kPanels>& sums) const {
    store(sums, unfinished_, kColumns);
  }

  /// Writes y, with the bias added.
  [[gnu::always_inline]] void finish(Sums<Simd, kRows, kPanels>& sums) const {
    if (y_.cols >= kColumns) {
      if (bias_ != nullptr) add_bias(sums, bias_);
      return store(sums, y_.data, y_.stride);
    }
    float whole[kRows * kColumns];
    if (bias_ != nullptr) {
      std::copy_n(bias_, y_.cols, whole);
      add_bias(sums, whole);
    }
    store(sums, whole, kColumns);
    for (int r = 0; r < kRows; ++r) std::copy_n(whole + r * kColumns, y_.cols, y_.row(r));
  }

 private:
  static constexpr std::int64_t kColumns = kPanels * kPanelRows;

  [[gnu::always_inline]] static void store(const Sums<Simd, kRows, kPanels>& sums, float* to,
                                           std::int64_t stride) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p) {
        Simd::store(to + r * stride + p * kPanelRows, sums.at[r][p]);
      }
    }
  }
  [[gnu::always_inline]] static void add_bias(Sums<Simd, kRows, kPanels>& sums, const float* bias) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p) {
        sums.at[r][p] = Simd::add(sums.at[r][p], Simd::load(bias + p * kPanelRows));
      }
    }
  }

  StridedView<float> y_;  // from the first output on
  const float* bias_;
  float* unfinished_;
};

}  // namespace frugal::ops

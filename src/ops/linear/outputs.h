// Where the kernels keep and put their outputs. Templates over Simd (ops/simd/), so that each
// instruction set compiles its own copy.
#pragma once

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

}  // namespace frugal::ops

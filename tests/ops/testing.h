// What the op tests share: random operands, and the comparison with a plain reference.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/cpu.h"
#include "base/rng.h"
#include "ops/context.h"
#include "ops/layout.h"
#include "tensor/tensor.h"

namespace frugal::ops::testing {

/// Standard normal values times `scale`.
inline Tensor random_matrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed,
                            float scale = 1) {
  Tensor matrix(rows, cols);
  Rng rng(seed);
  for (float& value : matrix.view().span()) value = scale * static_cast<float>(rng.normal());
  return matrix;
}

/// The instruction sets that this machine can run.
inline std::vector<Isa> usable_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512, Isa::amx}) {
    if (isa <= best_isa()) isas.push_back(isa);
  }
  return isas;
}

/// Fails when any value is further from `wanted` than `tolerance` times the norm of its row (or
/// `least_norm`, where sums may cancel), naming the worst.
inline void expect_close(ConstView got, const std::vector<double>& wanted, double tolerance,
                         double least_norm = 0) {
  ASSERT_EQ(static_cast<std::size_t>(got.size()), wanted.size());
  double worst = 0;
  std::int64_t where = 0;
  for (std::int64_t t = 0; t < got.rows; ++t) {
    double norm = least_norm * least_norm;
    for (std::int64_t i = 0; i < got.cols; ++i) {
      const double value = wanted[static_cast<std::size_t>(t * got.cols + i)];
      norm += value * value;
    }
    for (std::int64_t i = 0; i < got.cols; ++i) {
      const std::int64_t at = t * got.cols + i;
      const double error =
          std::abs(got.data[at] - wanted[static_cast<std::size_t>(at)]) / std::sqrt(norm);
      if (!(error <= worst) && !std::isnan(worst)) {  // what is no number stays the worst
        worst = error;
        where = at;
      }
    }
  }
  EXPECT_LE(worst, tolerance) << "worst at row " << where / got.cols << ", column "
                              << where % got.cols << ": " << got.data[where] << " instead of "
                              << wanted[static_cast<std::size_t>(where)];
}

/// True when both hold the same bits.
inline bool same_bits(ConstView a, ConstView b) {
  return a.rows == b.rows && a.cols == b.cols &&
         std::equal(a.data, a.data + a.size(), b.data, [](float x, float y) {
           return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
         });
}

/// One sequence of `rows` rows after `position` cached ones; `blocks` is its block table or empty.
inline SequenceLayout one_sequence(std::int64_t rows, std::int64_t position,
                                   std::span<const std::int32_t> blocks) {
  return {{{0, rows, position, blocks}}, rows};
}

}  // namespace frugal::ops::testing

// What the kernels of promoted FP8 products share.
#pragma once

#include "ops/fp8/fp8_gemm.h"

namespace frugal::ops {

/// Some rows and columns of a product's result.
struct Fp8Task {
  const Fp8Gemm* product;
  std::int64_t row, rows, col, cols;
};

/// Computes them in tiles: promoted sums.
void fp8_promoted_amx(const Fp8Task& task);

/// The terms of each sum.
inline std::int64_t depth_of(const Fp8Factor& f) {
  return f.transposed ? f.operand->values.rows : f.operand->values.cols;
}

/// The scale of a row of the factor for 128 terms, the block-th.
inline float scale_of(const Fp8Factor& f, std::int64_t row, std::int64_t block) {
  const Fp8Operand& o = *f.operand;
  return f.transposed ? o.scales.row(block)[row / o.blocks.cols]
                      : o.scales.row(row / o.blocks.rows)[block];
}

}  // namespace frugal::ops

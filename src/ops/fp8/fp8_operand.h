// Operands of FP8 training (DeepSeek-V3 report, section 3.3.2): E4M3 values with a scale a block.
#pragma once

#include "ops/context.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// Rows and columns that share a scale: activations and gradients go by tiles of 128 along the
/// dimension that a product sums over, weights by squares.
struct Fp8Blocks {
  std::int64_t rows;
  std::int64_t cols;
};
inline constexpr std::int64_t kFp8Depth = 128;
inline constexpr Fp8Blocks kFp8Rows = {1, kFp8Depth};
inline constexpr Fp8Blocks kFp8Cols = {kFp8Depth, 1};
inline constexpr Fp8Blocks kFp8Squares = {kFp8Depth, kFp8Depth};

/// x is about value * scale of its block. The E4M3 values are kept as floats, which is exact.
struct Fp8Operand {
  View values;  // [rows, cols]
  View scales;  // [ceil(rows / blocks.rows), ceil(cols / blocks.cols)]
  Fp8Blocks blocks;
};

/// scale = max(largest magnitude of the block, 1e-4) / 448, value = x / scale rounded to E4M3;
/// in memory of the arena.
Fp8Operand quantize_fp8(const Context& context, ConstView x, Fp8Blocks blocks, Arena& arena);

}  // namespace frugal::ops

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

/// The least that a block's largest magnitude counts as. Gradients are of a mean over the tokens of
/// a step, so more tokens make them smaller, to any size: theirs only keeps the scale from zero.
inline constexpr float kFp8Least = 1e-4F;
inline constexpr float kFp8LeastOfGradients = 1e-30F;

/// scale = max(largest magnitude of the block, least) / 448, value = x / scale rounded to E4M3;
/// in memory of the arena.
Fp8Operand quantize_fp8(const Context& context, ConstView x, Fp8Blocks blocks, Arena& arena,
                        float least = kFp8Least);

}  // namespace frugal::ops

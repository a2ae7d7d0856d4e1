#include "ops/fp8/fp8_operand.h"

#include <algorithm>

#include "ops/vector_math.h"

namespace frugal::ops {

namespace {

constexpr float kLargest = 448.0F;

std::int64_t blocks_of(std::int64_t n, std::int64_t block) { return (n + block - 1) / block; }

// The scales of one row of blocks wider than one column.
void scale_by_rows(const VectorMath& math, ConstView x, Fp8Blocks blocks, std::int64_t band,
                   float least, float* scales) {
  const std::int64_t end = std::min(x.rows, (band + 1) * blocks.rows);
  for (std::int64_t b = 0; b * blocks.cols < x.cols; ++b) {
    const std::int64_t col = b * blocks.cols;
    float most = least;
    for (std::int64_t row = band * blocks.rows; row < end; ++row) {
      most = math.largest(x.row(row) + col, most, std::min(blocks.cols, x.cols - col));
    }
    scales[b] = most / kLargest;
  }
}

// The same for blocks of one column: down the rows, all columns at once.
void scale_by_columns(const VectorMath& math, ConstView x, Fp8Blocks blocks, std::int64_t band,
                      float least, float* scales) {
  std::fill_n(scales, x.cols, least);
  const std::int64_t end = std::min(x.rows, (band + 1) * blocks.rows);
  for (std::int64_t row = band * blocks.rows; row < end; ++row) {
    math.raise(x.row(row), scales, x.cols);
  }
  for (std::int64_t c = 0; c < x.cols; ++c) scales[c] /= kLargest;
}

void round_row(const VectorMath& math, ConstView x, Fp8Blocks blocks, std::int64_t row,
               const float* scales, float* out) {
  if (blocks.cols == 1) return math.round_e4m3_each(x.row(row), scales, out, x.cols);
  for (std::int64_t b = 0; b * blocks.cols < x.cols; ++b) {
    const std::int64_t col = b * blocks.cols;
    math.round_e4m3(x.row(row) + col, scales[b], out + col, std::min(blocks.cols, x.cols - col));
  }
}

}  // namespace

Fp8Operand quantize_fp8(const Context& context, ConstView x, Fp8Blocks blocks, Arena& arena,
                        float least) {
  const std::int64_t bands = blocks_of(x.rows, blocks.rows);
  Fp8Operand operand = {arena.matrix(x.rows, x.cols),
                        arena.matrix(bands, blocks_of(x.cols, blocks.cols)), blocks};
  const VectorMath& math = vector_math(context.isa);
  const std::int64_t grain = blocks.rows == 1 ? 16 : 1;
  context.threads.parallel_for(bands, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t band = begin; band < end; ++band) {
      float* scales = operand.scales.row(band);
      if (blocks.cols == 1) {
        scale_by_columns(math, x, blocks, band, least, scales);
      } else {
        scale_by_rows(math, x, blocks, band, least, scales);
      }
      const std::int64_t last = std::min(x.rows, (band + 1) * blocks.rows);
      for (std::int64_t row = band * blocks.rows; row < last; ++row) {
        round_row(math, x, blocks, row, scales, operand.values.row(row));
      }
    }
  });
  return operand;
}

}  // namespace frugal::ops

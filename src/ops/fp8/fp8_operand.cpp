#include "ops/fp8/fp8_operand.h"

#include <algorithm>
#include <cmath>

#include "quant/fp8.h"

namespace frugal::ops {

namespace {

constexpr float kLargest = 448.0F;
constexpr float kSmallestAmax = 1e-4F;

std::int64_t blocks_of(std::int64_t n, std::int64_t block) { return (n + block - 1) / block; }

float largest(const float* x, std::int64_t count, float most) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float size = std::fabs(x[i]);
    most = size > most ? size : most;
  }
  return most;
}

// The scales of one row of blocks wider than one column.
void scale_by_rows(ConstView x, Fp8Blocks blocks, std::int64_t band, float* scales) {
  const std::int64_t end = std::min(x.rows, (band + 1) * blocks.rows);
  for (std::int64_t b = 0; b * blocks.cols < x.cols; ++b) {
    const std::int64_t col = b * blocks.cols;
    float most = kSmallestAmax;
    for (std::int64_t row = band * blocks.rows; row < end; ++row) {
      most = largest(x.row(row) + col, std::min(blocks.cols, x.cols - col), most);
    }
    scales[b] = most / kLargest;
  }
}

// The same for blocks of one column: down the rows, all columns at once.
void scale_by_columns(ConstView x, Fp8Blocks blocks, std::int64_t band, float* scales) {
  std::fill_n(scales, x.cols, kSmallestAmax);
  const std::int64_t end = std::min(x.rows, (band + 1) * blocks.rows);
  for (std::int64_t row = band * blocks.rows; row < end; ++row) {
    const float* values = x.row(row);
    for (std::int64_t c = 0; c < x.cols; ++c) {
      const float size = std::fabs(values[c]);
      scales[c] = size > scales[c] ? size : scales[c];
    }
  }
  for (std::int64_t c = 0; c < x.cols; ++c) scales[c] /= kLargest;
}

void round_row(ConstView x, Fp8Blocks blocks, std::int64_t row, const float* scales, float* out) {
  const float* in = x.row(row);
  if (blocks.cols == 1) {
    for (std::int64_t c = 0; c < x.cols; ++c) out[c] = quant::round_to_f8_e4m3(in[c] / scales[c]);
    return;
  }
  for (std::int64_t b = 0; b * blocks.cols < x.cols; ++b) {
    const std::int64_t end = std::min(x.cols, (b + 1) * blocks.cols);
    const float scale = scales[b];
    for (std::int64_t c = b * blocks.cols; c < end; ++c) {
      out[c] = quant::round_to_f8_e4m3(in[c] / scale);
    }
  }
}

}  // namespace

Fp8Operand quantize_fp8(const Context& context, ConstView x, Fp8Blocks blocks) {
  const std::int64_t bands = blocks_of(x.rows, blocks.rows);
  Fp8Operand operand = {Tensor(x.rows, x.cols), Tensor(bands, blocks_of(x.cols, blocks.cols)),
                        blocks};
  const std::int64_t grain = blocks.rows == 1 ? 16 : 1;
  context.threads.parallel_for(bands, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t band = begin; band < end; ++band) {
      float* scales = operand.scales.row(band);
      if (blocks.cols == 1) {
        scale_by_columns(x, blocks, band, scales);
      } else {
        scale_by_rows(x, blocks, band, scales);
      }
      const std::int64_t last = std::min(x.rows, (band + 1) * blocks.rows);
      for (std::int64_t row = band * blocks.rows; row < last; ++row) {
        round_row(x, blocks, row, scales, operand.values.row(row));
      }
    }
  });
  return operand;
}

}  // namespace frugal::ops

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

namespace {

void multiply_rows(StridedView<const float> x, const Weight& w, const float* bias,
                   StridedView<float> y, std::int64_t begin, std::int64_t end) {
  std::vector<float> row(static_cast<std::size_t>(w.k));
  for (std::int64_t n = begin; n < end; ++n) {
    w.decode(n, 0, row);
    for (std::int64_t t = 0; t < x.rows; ++t) {
      float sum = 0;
      for (std::int64_t k = 0; k < w.k; ++k) {
        sum = std::fmaf(x.row(t)[k], row[static_cast<std::size_t>(k)], sum);
      }
      y.row(t)[n] = bias == nullptr ? sum : sum + bias[n];
    }
  }
}

void multiply_floats(const FloatProduct& product, std::int64_t begin, std::int64_t end) {
  multiply_rows(product.x, *product.w, product.bias, product.y, begin * kPanelRows,
                std::min(end * kPanelRows, product.w->n));
}

// One group's part of one output.
float add_group(const PanelFormat& format, const LevelGroup& w, const ActivationBlock& x,
                float sum) {
  const int per_scale = static_cast<int>(kGroup) / format.halves();
  for (int h = 0; h < format.halves(); ++h) {
    int product = 0;
    for (int i = h * per_scale; i < (h + 1) * per_scale; ++i) {
      product += level_value(format, w.levels[i]) * x.q[i];
    }
    sum = std::fmaf(static_cast<float>(product), w.scale[h] * x.scale, sum);
    if (!format.has_min()) continue;
    const float scaled_sum = format.halves() == 1
                                 ? x.scaled_sum
                                 : x.scale * (static_cast<float>(x.half_bias[h]) * (-1.0F / 128));
    sum = std::fmaf(w.min[h], scaled_sum, sum);
  }
  return sum;
}

void multiply_levels(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
  const Weight& w = *product.w;
  const PanelFormat format = panel_format(w.dtype);
  const std::int64_t groups = w.k / kGroup;
  std::vector<LevelGroup> row(static_cast<std::size_t>(groups));
  for (std::int64_t n = begin * kPanelRows; n < std::min(end * kPanelRows, w.n); ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      row[static_cast<std::size_t>(g)] = read_group(w, n, g);
    }
    for (std::int64_t t = 0; t < product.y.rows; ++t) {
      float sum = 0;
      for (std::int64_t g = 0; g < groups; ++g) {
        sum = add_group(format, row[static_cast<std::size_t>(g)], product.x[t * groups + g], sum);
      }
      product.y.row(t)[n] = product.bias == nullptr ? sum : sum + product.bias[n];
    }
  }
}

void quantize_block(const float* values, ActivationBlock& block) {
  // Magnitudes compare as their bits do, with infinities and what is no number on top.
  std::int32_t peak_bits = 0;
  for (int i = 0; i < kGroup; ++i) {
    const std::int32_t magnitude = std::bit_cast<std::int32_t>(values[i]) & INT32_MAX;
    peak_bits = peak_bits > magnitude ? peak_bits : magnitude;
  }
  const auto peak = std::bit_cast<float>(peak_bits);
  const bool usable = has_scale(peak);
  const float inverse = usable ? 127.0F / peak : 0.0F;
  const float magic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  std::int32_t numbers[kGroup];
  for (int i = 0; i < kGroup; ++i) {
    const float scaled = usable ? values[i] * inverse : 0.0F;
    numbers[i] = std::bit_cast<std::int32_t>(scaled + magic) - std::bit_cast<std::int32_t>(magic);
  }
  std::int32_t sums[2] = {};
  for (int i = 0; i < kGroup / 2; ++i) sums[0] += numbers[i];
  for (int i = kGroup / 2; i < kGroup; ++i) sums[1] += numbers[i];
  for (int i = 0; i < kGroup; ++i) block.q[i] = static_cast<std::int8_t>(numbers[i]);
  describe(block, peak, sums);
}

void quantize_row(const float* values, std::int64_t groups, ActivationBlock* blocks) {
  for (std::int64_t g = 0; g < groups; ++g) quantize_block(values + g * kGroup, blocks[g]);
}

}  // namespace

LinearKernels linear_kernels_reference() {
  return {multiply_rows, [](DType) -> MultiplyFloats { return multiply_floats; }, quantize_row,
          [](DType) -> MultiplyLevels { return multiply_levels; }};
}

}  // namespace frugal::ops

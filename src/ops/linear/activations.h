// Rows of activations as whole numbers, for products with block types.
#pragma once

#include <cstdint>
#include <limits>

#include "ops/panel/panel_format.h"

namespace frugal::ops {

/// 32 consecutive values of a row: value i is about scale * q[i], scale being a 127th of the
/// largest magnitude. What depends on the values alone and every output needs stands beside them.
struct ActivationBlock {
  std::int8_t q[kGroup];
  float scale;
  float scaled_sum;           // scale * (sum of q), for minimums
  std::int32_t bias;          // -128 * (sum of q), for levels with an offset
  std::int32_t half_bias[2];  // the same of each 16 values
};

/// Blocks whose largest magnitude is below this count as zero, since its inverse might overflow.
inline constexpr float kSmallestPeak = 1e-30F;

/// Turns `groups` * 32 values into blocks. Numbers round to nearest, ties to even. A block that
/// holds an infinity or no number gets a scale that is no number, so that every output that reads
/// it shows.
using QuantizeRow = void (*)(const float* values, std::int64_t groups, ActivationBlock* blocks);

/// Whether values up to `peak` have a scale.
static inline bool has_scale(float peak) {
  return peak >= kSmallestPeak && peak <= std::numeric_limits<float>::max();
}

/// Fills in what stands beside q; `sums` are those of each 16 numbers. Like the above, static,
/// since each kernel file compiles its own copy for its instruction set.
static inline void describe(ActivationBlock& block, float peak, const std::int32_t (&sums)[2]) {
  block.scale = has_scale(peak)        ? peak / 127.0F
                : peak < kSmallestPeak ? 0.0F
                                       : std::numeric_limits<float>::quiet_NaN();
  block.scaled_sum = block.scale * static_cast<float>(sums[0] + sums[1]);
  block.bias = -128 * (sums[0] + sums[1]);
  for (int h = 0; h < 2; ++h) block.half_bias[h] = -128 * sums[h];
}

}  // namespace frugal::ops

// Rows of activations as whole numbers, for products with block types.
#pragma once

#include <cstdint>

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

}  // namespace frugal::ops

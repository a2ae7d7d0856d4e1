// Activations to whole numbers, in plain loops that become SIMD code. Included by each kernel file,
// which compiles it for its own instruction set; static for that reason.
#pragma once

#include <bit>
#include <limits>

#include "ops/linear/activations.h"

namespace frugal::ops {

static inline void quantize_block(const float* values, ActivationBlock& block) {
  // Magnitudes compare as their bits do, with infinities and what is no number on top.
  std::int32_t peak_bits = 0;
  for (int i = 0; i < kGroup; ++i) {
    const std::int32_t magnitude = std::bit_cast<std::int32_t>(values[i]) & INT32_MAX;
    peak_bits = peak_bits > magnitude ? peak_bits : magnitude;
  }
  const auto peak = std::bit_cast<float>(peak_bits);
  const bool usable = peak >= kSmallestPeak && peak <= std::numeric_limits<float>::max();
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
  block.scale = usable                 ? peak / 127.0F
                : peak < kSmallestPeak ? 0.0F
                                       : std::numeric_limits<float>::quiet_NaN();
  block.scaled_sum = block.scale * static_cast<float>(sums[0] + sums[1]);
  block.bias = -128 * (sums[0] + sums[1]);
  for (int h = 0; h < 2; ++h) block.half_bias[h] = -128 * sums[h];
}

static inline void quantize_row(const float* values, std::int64_t groups, ActivationBlock* blocks) {
  for (std::int64_t g = 0; g < groups; ++g) quantize_block(values + g * kGroup, blocks[g]);
}

}  // namespace frugal::ops

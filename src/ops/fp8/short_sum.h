// The accumulator of Hopper's tensor cores for FP8, as the DeepSeek-V3 report (section 3.3.2) and
// DeepGEMM describe it.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace frugal::ops {

/// Bits that survive of each term when terms are aligned.
inline constexpr int kShortBits = 14;
/// Terms that are aligned and added at a time.
inline constexpr std::int64_t kShortGroup = 32;

/// What is kept of a value whose largest companion has this exponent: multiples of the last of 14
/// bits, the rest cut off.
inline float cut_to_short(float value, int exponent) {
  return std::ldexp(std::trunc(std::ldexp(value, kShortBits - 1 - exponent)),
                    exponent - (kShortBits - 1));
}

/// `sum` with a group of terms added.
inline float add_short(float sum, std::span<const float> terms) {
  float most = std::fabs(sum);
  for (const float term : terms) {
    const float size = std::fabs(term);
    most = size > most || size != size ? size : most;
  }
  if (most == 0) return 0;
  if (!(most < std::numeric_limits<float>::infinity())) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  const int exponent = std::ilogb(most);
  float total = cut_to_short(sum, exponent);
  for (const float term : terms) total += cut_to_short(term, exponent);  // exact: 20 bits at most
  return total == 0 ? 0 : cut_to_short(total, std::ilogb(total));
}

}  // namespace frugal::ops

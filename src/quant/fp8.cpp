#include "quant/fp8.h"

#include <bit>
#include <limits>

#include "base/error.h"

namespace frugal::quant {

namespace {

constexpr std::uint8_t kNan = 0x7F;
constexpr std::uint8_t kLargestBits = 0x7E;
constexpr float kLargest = 448.0F;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kSmallestNormal = 0x1p-6F;
// A float of this size has its last bit worth 2^-9, the step of E4M3's subnormals.
constexpr float kSubnormalShift = 0x1p14F;

std::int64_t blocks_of(std::int64_t n) { return (n + kFp8Block - 1) / kFp8Block; }

}  // namespace

float f8_e4m3_to_float(std::uint8_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x80) << 24;
  const std::uint32_t magnitude = bits & 0x7F;
  if (magnitude == kNan) return std::bit_cast<float>(sign | 0x7FC00000U);
  if (magnitude < 8) {  // zero or subnormal: mantissa * 2^-9 is exact
    const float value = static_cast<float>(magnitude) * 0x1p-9F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
  }
  // Exponent and mantissa move up together; the bias goes from 7 to 127.
  return std::bit_cast<float>(sign | ((magnitude << 20) + (120U << 23)));
}

std::uint8_t float_to_f8_e4m3(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint8_t>((bits >> 24) & 0x80);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > std::bit_cast<std::uint32_t>(kInfinity)) return sign | kNan;
  if (magnitude > std::bit_cast<std::uint32_t>(kLargest)) return sign | kLargestBits;
  if (magnitude < std::bit_cast<std::uint32_t>(kSmallestNormal)) {
    // The float's own rounding lands on multiples of 2^-9.
    const float shifted = std::bit_cast<float>(magnitude) + kSubnormalShift;
    const std::uint32_t steps =
        std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kSubnormalShift);
    return sign | static_cast<std::uint8_t>(steps);
  }
  const std::uint32_t rounded = magnitude + 0x7FFFF + ((magnitude >> 20) & 1);
  return sign | static_cast<std::uint8_t>((rounded - (120U << 23)) >> 20);
}

void dequantize_rows(const Fp8Matrix& matrix, std::int64_t begin, std::int64_t end,
                     std::span<float> dst) {
  const auto [values, scales, rows, cols] = matrix;
  const std::int64_t scale_cols = blocks_of(cols);
  require(rows >= 0 && cols >= 0 && std::ssize(values) == rows * cols &&
              std::ssize(scales) == blocks_of(rows) * scale_cols,
          "an FP8 matrix of {} x {} has {} values and {} scales, expected {} and {}", rows, cols,
          values.size(), scales.size(), rows * cols, blocks_of(rows) * scale_cols);
  require(0 <= begin && begin <= end && end <= rows && std::ssize(dst) == (end - begin) * cols,
          "rows {} to {} of an FP8 matrix of {} x {} do not fit {} floats", begin, end, rows, cols,
          dst.size());
  float* out = dst.data();
  for (std::int64_t n = begin; n < end; ++n) {
    const std::byte* row = values.data() + n * cols;                       // [cols]
    const float* row_scales = scales.data() + n / kFp8Block * scale_cols;  // [scale_cols]
    for (std::int64_t k = 0; k < cols; ++k) {
      *out++ = f8_e4m3_to_float(static_cast<std::uint8_t>(row[k])) * row_scales[k / kFp8Block];
    }
  }
}

}  // namespace frugal::quant

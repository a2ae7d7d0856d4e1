// FP8 as DeepSeek stores and trains with it: E4M3FN values, scales in blocks of 128 x 128.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace frugal::quant {

/// The value of one E4M3FN byte: 4 exponent bits of bias 7, 3 mantissa bits, no infinity, NaN at
/// 0x7F and 0xFF; the largest is 448, the smallest positive 2^-9 (Micikevicius et al., FP8 Formats
/// for Deep Learning, 2022).
float f8_e4m3_to_float(std::uint8_t bits);

/// The nearest E4M3FN value, ties to even. Larger magnitudes, infinity included, become 448, as
/// PyTorch 2.13's float8_e4m3fn does.
std::uint8_t float_to_f8_e4m3(float value);

/// The value of float_to_f8_e4m3(value), in a form that compilers turn into SIMD code.
inline float round_to_f8_e4m3(float value) {
  constexpr float kLargest = 448.0F;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits & 0x80000000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  const float size = std::bit_cast<float>(magnitude);
  // Three mantissa bits stay, ties to even; below 2^-6 the step is 2^-9, the last bit of 2^14.
  const std::uint32_t rounded = (magnitude + 0x7FFFF + ((magnitude >> 20) & 1)) & ~0xFFFFFU;
  const float small = (size + 0x1p14F) - 0x1p14F;
  const float near = size < 0x1p-6F ? small : std::bit_cast<float>(rounded);
  const float result = near > kLargest ? kLargest : near;
  return size != size ? value : std::bit_cast<float>(std::bit_cast<std::uint32_t>(result) | sign);
}

/// Rows and columns that share a scale.
inline constexpr std::int64_t kFp8Block = 128;

/// A stored FP8 weight [rows, cols] with its `weight_scale_inv`.
struct Fp8Matrix {
  std::span<const std::byte> values;  // [rows, cols], E4M3FN
  std::span<const float> scales;      // [ceil(rows / 128), ceil(cols / 128)]
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};

/// Decodes rows [begin, end) into `dst` [end - begin, cols]: value = fp8 * scale of its block, in
/// float (DeepSeek-V3's weight_dequant). Throws Error when the sizes do not agree.
void dequantize_rows(const Fp8Matrix& matrix, std::int64_t begin, std::int64_t end,
                     std::span<float> dst);

}  // namespace frugal::quant

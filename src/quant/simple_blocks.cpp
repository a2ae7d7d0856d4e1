// Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0: 32 values with one scale.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "quant/codecs.h"
#include "tensor/float_bits.h"

namespace frugal::quant {

namespace {

constexpr int kHalf = kBlock / 2;

// The value of largest magnitude, sign kept; the first one among equals.
float signed_peak(const float* values) {
  return *std::max_element(values, values + kBlock,
                           [](float a, float b) { return std::fabs(a) < std::fabs(b); });
}

// A scale whose inverse overflows is far below what half precision holds, so it counts as zero.
float inverse(float d) {
  const float id = 1 / d;
  return std::isfinite(id) ? id : 0;
}

// Cuts off the fraction (the caller has added 0.5) and keeps to [0, levels). Comparing before the
// cast keeps what is not a number, from a range that overflowed, from being cast.
std::uint8_t level(float value, int levels) {
  if (value >= static_cast<float>(levels)) return static_cast<std::uint8_t>(levels - 1);
  return value > 0 ? static_cast<std::uint8_t>(value) : 0;
}

// The fifth bits of 32 values as one number, bit j for value j.
std::uint32_t load_high_bits(const std::uint8_t* qh) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, qh, sizeof bits);
  return bits;
}

template <typename Block>
void store_levels(const std::uint8_t* levels, Block& block) {
  for (int j = 0; j < kHalf; ++j) {
    block.qs[j] = static_cast<std::uint8_t>((levels[j] & 15) | (levels[j + kHalf] & 15) << 4);
  }
  if constexpr (requires { block.qh; }) {
    std::uint32_t high = 0;
    for (int j = 0; j < kBlock; ++j) high |= static_cast<std::uint32_t>(levels[j] >> 4) << j;
    std::memcpy(block.qh, &high, sizeof high);
  }
}

// Levels centred on zero: the peak gets the lowest level, whatever its sign.
template <int kLevels, typename Block>
void encode_centred(const float* values, Block& block) {
  constexpr float kZero = static_cast<float>(kLevels) / 2;  // the level of value 0
  const float d = signed_peak(values) / -kZero;
  const float id = inverse(d);
  std::uint8_t levels[kBlock];
  for (int j = 0; j < kBlock; ++j) {
    levels[j] = level(values[j] * id + (kZero + 0.5F), kLevels);
  }
  block.d = float_to_f16(d);
  store_levels(levels, block);
}

// Levels from the minimum to the maximum.
template <int kLevels, typename Block>
void encode_between(const float* values, Block& block) {
  const auto [min, max] = std::minmax_element(values, values + kBlock);
  const float d = (*max - *min) / (kLevels - 1);
  const float id = inverse(d);
  std::uint8_t levels[kBlock];
  for (int j = 0; j < kBlock; ++j) levels[j] = level((values[j] - *min) * id + 0.5F, kLevels);
  block.d = float_to_f16(d);
  block.m = float_to_f16(*min);
  store_levels(levels, block);
}

}  // namespace

void decode(const BlockQ4_0& block, float* out) {
  const float d = f16_to_float(block.d);
  for (int j = 0; j < kHalf; ++j) {
    out[j] = d * static_cast<float>((block.qs[j] & 15) - 8);
    out[j + kHalf] = d * static_cast<float>((block.qs[j] >> 4) - 8);
  }
}

void decode(const BlockQ4_1& block, float* out) {
  const float d = f16_to_float(block.d);
  const float m = f16_to_float(block.m);
  for (int j = 0; j < kHalf; ++j) {
    out[j] = d * static_cast<float>(block.qs[j] & 15) + m;
    out[j + kHalf] = d * static_cast<float>(block.qs[j] >> 4) + m;
  }
}

void decode(const BlockQ5_0& block, float* out) {
  const float d = f16_to_float(block.d);
  const std::uint32_t high = load_high_bits(block.qh);
  for (int j = 0; j < kHalf; ++j) {
    const int low_q = (block.qs[j] & 15) | static_cast<int>(high >> j & 1) << 4;
    const int high_q = (block.qs[j] >> 4) | static_cast<int>(high >> (j + kHalf) & 1) << 4;
    out[j] = d * static_cast<float>(low_q - 16);
    out[j + kHalf] = d * static_cast<float>(high_q - 16);
  }
}

void decode(const BlockQ5_1& block, float* out) {
  const float d = f16_to_float(block.d);
  const float m = f16_to_float(block.m);
  const std::uint32_t high = load_high_bits(block.qh);
  for (int j = 0; j < kHalf; ++j) {
    const int low_q = (block.qs[j] & 15) | static_cast<int>(high >> j & 1) << 4;
    const int high_q = (block.qs[j] >> 4) | static_cast<int>(high >> (j + kHalf) & 1) << 4;
    out[j] = d * static_cast<float>(low_q) + m;
    out[j + kHalf] = d * static_cast<float>(high_q) + m;
  }
}

void decode(const BlockQ8_0& block, float* out) {
  const float d = f16_to_float(block.d);
  for (int j = 0; j < kBlock; ++j) out[j] = d * static_cast<float>(block.qs[j]);
}

void encode(const float* values, BlockQ4_0& block) { encode_centred<16>(values, block); }
void encode(const float* values, BlockQ4_1& block) { encode_between<16>(values, block); }
void encode(const float* values, BlockQ5_0& block) { encode_centred<32>(values, block); }
void encode(const float* values, BlockQ5_1& block) { encode_between<32>(values, block); }

void encode(const float* values, BlockQ8_0& block) {
  const float d = std::fabs(signed_peak(values)) / 127;
  const float id = inverse(d);
  block.d = float_to_f16(d);
  for (int j = 0; j < kBlock; ++j) {
    block.qs[j] = static_cast<std::int8_t>(std::round(values[j] * id));
  }
}

}  // namespace frugal::quant

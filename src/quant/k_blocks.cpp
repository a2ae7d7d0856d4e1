// Q2_K to Q6_K: 256 values in groups of 16 or 32, whose scales are themselves quantised.
#include "quant/codecs.h"
#include "tensor/float_bits.h"

namespace frugal::quant {

namespace {

constexpr int kGroup16 = kSuperBlock / 16;  // groups of 16 values
constexpr int kGroup32 = kSuperBlock / 32;  // groups of 32 values

// Value i of 256 two-bit values laid out as in Q2_K, Q3_K and the high bits of Q6_K.
int two_bits(const std::uint8_t* qs, int i) {
  const int half = i / 128;
  const int shift = i % 128 / 32 * 2;
  return qs[32 * half + i % 32] >> shift & 3;
}

// Value i of 256 four-bit values laid out as in Q4_K and Q5_K.
int four_bits(const std::uint8_t* qs, int i) {
  const int shift = i % 64 / 32 * 4;
  return qs[i / 64 * 32 + i % 32] >> shift & 15;
}

// Bit i / 32 of byte i % 32: the bit that Q3_K and Q5_K keep apart.
int top_bit(const std::uint8_t* bits, int i) { return bits[i % 32] >> (i / 32) & 1; }

int q3_scale(const std::uint8_t* scales, int g) {
  const int low = scales[g % 8] >> (g / 8 * 4) & 15;
  const int high = scales[8 + g % 4] >> (g / 4 * 2) & 3;
  return (low | high << 4) - 32;
}

}  // namespace

void decode(const BlockQ2_K& block, float* out) {
  const float d = f16_to_float(block.d);
  const float dmin = f16_to_float(block.dmin);
  for (int g = 0; g < kGroup16; ++g) {
    const float scale = d * static_cast<float>(block.scales[g] & 15);
    const float min = dmin * static_cast<float>(block.scales[g] >> 4);
    for (int i = 16 * g; i < 16 * (g + 1); ++i) {
      out[i] = scale * static_cast<float>(two_bits(block.qs, i)) - min;
    }
  }
}

void decode(const BlockQ3_K& block, float* out) {
  const float d = f16_to_float(block.d);
  for (int g = 0; g < kGroup16; ++g) {
    const float scale = d * static_cast<float>(q3_scale(block.scales, g));
    for (int i = 16 * g; i < 16 * (g + 1); ++i) {
      const int q = two_bits(block.qs, i) + 4 * top_bit(block.hmask, i) - 4;
      out[i] = scale * static_cast<float>(q);
    }
  }
}

void decode(const BlockQ4_K& block, float* out) {
  const float d = f16_to_float(block.d);
  const float dmin = f16_to_float(block.dmin);
  for (int g = 0; g < kGroup32; ++g) {
    const ScaleAndMin group = scale_and_min(block.scales, g);
    const float scale = d * static_cast<float>(group.scale);
    const float min = dmin * static_cast<float>(group.min);
    for (int i = 32 * g; i < 32 * (g + 1); ++i) {
      out[i] = scale * static_cast<float>(four_bits(block.qs, i)) - min;
    }
  }
}

void decode(const BlockQ5_K& block, float* out) {
  const float d = f16_to_float(block.d);
  const float dmin = f16_to_float(block.dmin);
  for (int g = 0; g < kGroup32; ++g) {
    const ScaleAndMin group = scale_and_min(block.scales, g);
    const float scale = d * static_cast<float>(group.scale);
    const float min = dmin * static_cast<float>(group.min);
    for (int i = 32 * g; i < 32 * (g + 1); ++i) {
      const int q = four_bits(block.qs, i) | top_bit(block.qh, i) << 4;
      out[i] = scale * static_cast<float>(q) - min;
    }
  }
}

void decode(const BlockQ6_K& block, float* out) {
  const float d = f16_to_float(block.d);
  for (int g = 0; g < kGroup16; ++g) {
    const float scale = d * static_cast<float>(block.scales[g]);
    for (int i = 16 * g; i < 16 * (g + 1); ++i) {
      const int shift = i % 128 / 64 * 4;
      const int low = block.ql[i / 128 * 64 + i % 64] >> shift & 15;
      const int q = low | two_bits(block.qh, i) << 4;
      out[i] = scale * static_cast<float>(q - 32);
    }
  }
}

}  // namespace frugal::quant

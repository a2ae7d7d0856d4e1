// Q4_K, Q5_K, Q6_K, IQ4_NL and IQ4_XS, written: scales by search, then levels for the scales as
// stored.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "quant/codecs.h"
#include "quant/scale_search.h"
#include "tensor/float_bits.h"

namespace frugal::quant {

namespace {

constexpr int kGroup32 = kSuperBlock / 32;
constexpr int kGroup16 = kSuperBlock / 16;

int level(float value, float scale, int low, int high) {
  return scale == 0 ? 0 : std::clamp(static_cast<int>(std::nearbyint(value / scale)), low, high);
}

// Writes the 6-bit scale and minimum of group g: the inverse of scale_and_min().
void put_scale_and_min(std::uint8_t* scales, int g, int scale, int min) {
  if (g < 4) {
    scales[g] = static_cast<std::uint8_t>(scales[g] | scale);
    scales[g + 4] = static_cast<std::uint8_t>(scales[g + 4] | min);
    return;
  }
  scales[g + 4] = static_cast<std::uint8_t>((scale & 15) | (min & 15) << 4);
  scales[g - 4] = static_cast<std::uint8_t>(scales[g - 4] | (scale >> 4) << 6);
  scales[g] = static_cast<std::uint8_t>(scales[g] | (min >> 4) << 6);
}

// What Q4_K and Q5_K share: eight scales and minima, and levels 0 to `high` of 256 values.
struct Affine {
  std::uint16_t d, dmin;
  std::uint8_t scales[12];
  std::uint8_t levels[kSuperBlock];
};

Affine encode_affine(const float* values, int high) {
  ScaleWithMin groups[kGroup32];
  float largest_scale = 0;
  float largest_min = 0;
  for (int g = 0; g < kGroup32; ++g) {
    groups[g] = search_scale_with_min({values + 32 * g, 32}, high);
    largest_scale = std::max(largest_scale, groups[g].scale);
    largest_min = std::max(largest_min, groups[g].min);
  }
  Affine out{};
  out.d = float_to_f16(largest_scale / 63);
  out.dmin = float_to_f16(largest_min / 63);
  const float d = f16_to_float(out.d);
  const float dmin = f16_to_float(out.dmin);
  for (int g = 0; g < kGroup32; ++g) {
    const int scale = level(groups[g].scale, d, 0, 63);
    const int min = level(groups[g].min, dmin, 0, 63);
    put_scale_and_min(out.scales, g, scale, min);
    const float step = d * static_cast<float>(scale);
    const float offset = dmin * static_cast<float>(min);
    for (int i = 32 * g; i < 32 * (g + 1); ++i) {
      out.levels[i] = static_cast<std::uint8_t>(level(values[i] + offset, step, 0, high));
    }
  }
  return out;
}

void put_four_bits(const std::uint8_t* levels, std::uint8_t* qs) {
  for (int i = 0; i < kSuperBlock; ++i) {
    std::uint8_t& byte = qs[i / 64 * 32 + i % 32];
    byte = static_cast<std::uint8_t>(byte | (levels[i] & 15) << (i % 64 / 32 * 4));
  }
}

// 32 values as IQ4_NL stores them.
void put_iq4_levels(const float* values, float scale, std::uint8_t* qs) {
  const float inverse = scale == 0 ? 0 : 1 / scale;
  for (int j = 0; j < 16; ++j) {
    const int low = nearest_iq4(values[j] * inverse);
    const int high = nearest_iq4(values[j + 16] * inverse);
    qs[j] = static_cast<std::uint8_t>(low | high << 4);
  }
}

}  // namespace

void encode(const float* values, BlockQ4_K& block) {
  const Affine affine = encode_affine(values, 15);
  block = {};
  block.d = affine.d;
  block.dmin = affine.dmin;
  std::memcpy(block.scales, affine.scales, sizeof(block.scales));
  put_four_bits(affine.levels, block.qs);
}

void encode(const float* values, BlockQ5_K& block) {
  const Affine affine = encode_affine(values, 31);
  block = {};
  block.d = affine.d;
  block.dmin = affine.dmin;
  std::memcpy(block.scales, affine.scales, sizeof(block.scales));
  put_four_bits(affine.levels, block.qs);
  for (int i = 0; i < kSuperBlock; ++i) {
    std::uint8_t& byte = block.qh[i % 32];
    byte = static_cast<std::uint8_t>(byte | (affine.levels[i] >> 4) << (i / 32));
  }
}

void encode(const float* values, BlockQ6_K& block) {
  float scales[kGroup16];
  float largest = 0;
  for (int g = 0; g < kGroup16; ++g) {
    scales[g] = search_scale({values + 16 * g, 16}, -32, 31);
    if (std::abs(scales[g]) > std::abs(largest)) largest = scales[g];
  }
  block = {};
  // Scales have a sign and -128 is one step further than 127, so that the largest takes it.
  block.d = float_to_f16(largest / -128);
  const float d = f16_to_float(block.d);
  for (int g = 0; g < kGroup16; ++g) {
    const int scale = level(scales[g], d, -128, 127);
    block.scales[g] = static_cast<std::int8_t>(scale);
    const float step = d * static_cast<float>(scale);
    for (int i = 16 * g; i < 16 * (g + 1); ++i) {
      const int q = level(values[i], step, -32, 31) + 32;
      const int half = i / 128;
      const int r = i % 128;
      std::uint8_t& low = block.ql[64 * half + r % 64];
      std::uint8_t& high = block.qh[32 * half + r % 32];
      low = static_cast<std::uint8_t>(low | (q & 15) << (r / 64 * 4));
      high = static_cast<std::uint8_t>(high | (q >> 4) << (r / 32 * 2));
    }
  }
}

void encode(const float* values, BlockIQ4_NL& block) {
  block.d = float_to_f16(search_iq4_scale({values, 32}));
  put_iq4_levels(values, f16_to_float(block.d), block.qs);
}

void encode(const float* values, BlockIQ4_XS& block) {
  float scales[kGroup32];
  float largest = 0;
  for (int g = 0; g < kGroup32; ++g) {
    scales[g] = search_iq4_scale({values + 32 * g, 32});
    if (std::abs(scales[g]) > std::abs(largest)) largest = scales[g];
  }
  block = {};
  block.d = float_to_f16(largest / -32);
  const float d = f16_to_float(block.d);
  for (int g = 0; g < kGroup32; ++g) {
    const int scale = level(scales[g], d, -32, 31);
    const int stored = scale + 32;
    block.scales_l[g / 2] =
        static_cast<std::uint8_t>(block.scales_l[g / 2] | (stored & 15) << (g % 2 * 4));
    block.scales_h = static_cast<std::uint16_t>(block.scales_h | (stored >> 4) << (2 * g));
    put_iq4_levels(values + 32 * g, d * static_cast<float>(scale), block.qs + 16 * g);
  }
}

}  // namespace frugal::quant

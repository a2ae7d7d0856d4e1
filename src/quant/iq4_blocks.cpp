// IQ4_NL and IQ4_XS: four-bit indices into a table of sixteen levels.
#include "quant/codecs.h"
#include "tensor/float_bits.h"

namespace frugal::quant {

namespace {

// 32 values from 16 bytes.
void decode_levels(const std::uint8_t* qs, float scale, float* out) {
  for (int j = 0; j < 16; ++j) {
    out[j] = scale * static_cast<float>(kIq4Values[qs[j] & 15]);
    out[j + 16] = scale * static_cast<float>(kIq4Values[qs[j] >> 4]);
  }
}

}  // namespace

void decode(const BlockIQ4_NL& block, float* out) {
  decode_levels(block.qs, f16_to_float(block.d), out);
}

void decode(const BlockIQ4_XS& block, float* out) {
  const float d = f16_to_float(block.d);
  for (int g = 0; g < kSuperBlock / 32; ++g) {
    const int low = block.scales_l[g / 2] >> (g % 2 * 4) & 15;
    const int high = block.scales_h >> (2 * g) & 3;
    const float scale = d * static_cast<float>((low | high << 4) - 32);
    decode_levels(block.qs + 16 * g, scale, out + 32 * g);
  }
}

}  // namespace frugal::quant

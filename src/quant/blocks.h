// The stored layouts of the block types, as GGML (ggml-common.h of llama.cpp) lays them out in GGUF
// files: little-endian, a multiple of two bytes, no padding. Values of a row stand in consecutive
// blocks. `d` and `m` are half-precision bits.
#pragma once

#include <array>
#include <cstdint>

namespace frugal::quant {

/// Values in a block of the simple types, and in a super-block of the K types and IQ4_XS.
inline constexpr int kBlock = 32;
inline constexpr int kSuperBlock = 256;

/// Byte j of `qs` holds value j in its low and value j + 16 in its high four bits.
/// value = d * (q - 8)
struct BlockQ4_0 {
  std::uint16_t d;
  std::uint8_t qs[16];
};
static_assert(sizeof(BlockQ4_0) == 18);

/// value = d * q + m
struct BlockQ4_1 {
  std::uint16_t d;
  std::uint16_t m;
  std::uint8_t qs[16];
};
static_assert(sizeof(BlockQ4_1) == 20);

/// The fifth bit of value j is bit j of `qh`, read as a little-endian 32-bit number.
/// value = d * (q - 16)
struct BlockQ5_0 {
  std::uint16_t d;
  std::uint8_t qh[4];
  std::uint8_t qs[16];
};
static_assert(sizeof(BlockQ5_0) == 22);

/// value = d * q + m
struct BlockQ5_1 {
  std::uint16_t d;
  std::uint16_t m;
  std::uint8_t qh[4];
  std::uint8_t qs[16];
};
static_assert(sizeof(BlockQ5_1) == 24);

/// value = d * q
struct BlockQ8_0 {
  std::uint16_t d;
  std::int8_t qs[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

/// 16 groups of 16 values. Byte g of `scales`: the group's scale low, its minimum high. Byte
/// 32 h + j of `qs` holds values 128 h + j + {0, 32, 64, 96}, two bits each, lowest first.
/// value = (d * scale) * q - dmin * min
struct BlockQ2_K {
  std::uint8_t scales[16];
  std::uint8_t qs[64];
  std::uint16_t d;
  std::uint16_t dmin;
};
static_assert(sizeof(BlockQ2_K) == 84);

/// 16 groups of 16 values; `qs` as in Q2_K. The third bit of value 32 i + j is bit i of hmask[j];
/// clear means 4 less. `scales` packs sixteen 6-bit scales: the low four bits of scale g are in
/// byte g % 8 (low half for g < 8), its high two bits in byte 8 + g % 4 at bit 2 (g / 4).
/// value = (d * (scale - 32)) * (q - 4)
struct BlockQ3_K {
  std::uint8_t hmask[32];
  std::uint8_t qs[64];
  std::uint8_t scales[12];
  std::uint16_t d;
};
static_assert(sizeof(BlockQ3_K) == 110);

/// 8 groups of 32 values; `scales` is read by scale_and_min(). Byte 32 h + j of `qs` holds value
/// 64 h + j in its low and value 64 h + 32 + j in its high four bits.
/// value = (d * scale) * q - dmin * min
struct BlockQ4_K {
  std::uint16_t d;
  std::uint16_t dmin;
  std::uint8_t scales[12];
  std::uint8_t qs[128];
};
static_assert(sizeof(BlockQ4_K) == 144);

/// As Q4_K, and the fifth bit of value 32 i + j is bit i of qh[j].
struct BlockQ5_K {
  std::uint16_t d;
  std::uint16_t dmin;
  std::uint8_t scales[12];
  std::uint8_t qh[32];
  std::uint8_t qs[128];
};
static_assert(sizeof(BlockQ5_K) == 176);

/// 16 groups of 16 values. Byte 64 h + j of `ql` (j < 64) holds the low four bits of value
/// 128 h + j in its low and of value 128 h + 64 + j in its high half. Byte 32 h + j of `qh` holds
/// the high two bits of values 128 h + j + {0, 32, 64, 96}, lowest first.
/// value = (d * scale) * (q - 32)
struct BlockQ6_K {
  std::uint8_t ql[128];
  std::uint8_t qh[64];
  std::int8_t scales[16];
  std::uint16_t d;
};
static_assert(sizeof(BlockQ6_K) == 210);

/// As Q4_0 with values from a table: value = d * kIq4Values[q]
struct BlockIQ4_NL {
  std::uint16_t d;
  std::uint8_t qs[16];
};
static_assert(sizeof(BlockIQ4_NL) == 18);

/// 8 groups of 32 values, each laid out as in IQ4_NL. The low four bits of group g's scale are half
/// g % 2 of scales_l[g / 2], the high two are bits 2 g of scales_h.
/// value = (d * (scale - 32)) * kIq4Values[q]
struct BlockIQ4_XS {
  std::uint16_t d;
  std::uint16_t scales_h;
  std::uint8_t scales_l[4];
  std::uint8_t qs[128];
};
static_assert(sizeof(BlockIQ4_XS) == 136);

/// The sixteen levels of IQ4_NL and IQ4_XS, denser near zero.
inline constexpr std::array<std::int8_t, 16> kIq4Values = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

struct ScaleAndMin {
  std::uint8_t scale;
  std::uint8_t min;
};

/// The 6-bit scale and minimum of group g (0 to 7) in the twelve bytes of Q4_K and Q5_K: whole in
/// bytes g and g + 4 for g < 4; for the others the low four bits are the halves of byte g + 4, the
/// high two bits the top of the bytes of group g - 4.
inline ScaleAndMin scale_and_min(const std::uint8_t* scales, int g) {
  if (g < 4) {
    return {static_cast<std::uint8_t>(scales[g] & 63),
            static_cast<std::uint8_t>(scales[g + 4] & 63)};
  }
  return {static_cast<std::uint8_t>((scales[g + 4] & 15) | ((scales[g - 4] >> 6) << 4)),
          static_cast<std::uint8_t>((scales[g + 4] >> 4) | ((scales[g] >> 6) << 4))};
}

}  // namespace frugal::quant

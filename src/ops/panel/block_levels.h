// What the block types hold, as whole numbers: levels four to a word, and scales in the order of
// the packed forms.
#pragma once

#include <cstdint>
#include <cstring>

#include "quant/blocks.h"

namespace frugal::ops {

/// The levels of 32 values: byte j of step s is that of value 4 s + j.
struct Steps {
  std::uint32_t word[8];
};

/// Word i of packed bytes.
inline std::uint32_t word_at(const void* bytes, int i) {
  std::uint32_t word;
  std::memcpy(&word, static_cast<const std::uint8_t*>(bytes) + 4 * i, sizeof word);
  return word;
}

inline constexpr std::uint32_t kNibbles = 0x0F0F0F0FU;
inline constexpr std::uint32_t kPairs = 0x03030303U;
inline constexpr std::uint32_t kOnes = 0x01010101U;

/// The simple four-bit layout: value j low, value j + 16 high.
inline Steps nibble_steps(const std::uint8_t* qs) {
  Steps steps;
  for (int i = 0; i < 4; ++i) {
    steps.word[i] = word_at(qs, i) & kNibbles;
    steps.word[i + 4] = word_at(qs, i) >> 4 & kNibbles;
  }
  return steps;
}

/// Adds the fifth bits, bit j of `high` for value j.
inline Steps with_fifth_bits(Steps steps, const std::uint8_t* high) {
  const std::uint32_t bits = word_at(high, 0);
  for (int s = 0; s < 8; ++s) {
    // Four bits to the low ends of four bytes: copies at distance 7 bring bit j to bit 8 j.
    const std::uint32_t four = bits >> (4 * s) & 15;
    steps.word[s] |= ((four * 0x00204081U) & kOnes) << 4;
  }
  return steps;
}

/// Group g of four-bit levels as Q4_K and Q5_K lay them out.
inline Steps k_nibble_steps(const std::uint8_t* qs, int g) {
  Steps steps;
  for (int s = 0; s < 8; ++s) steps.word[s] = word_at(qs + g / 2 * 32, s) >> (g % 2 * 4) & kNibbles;
  return steps;
}

/// Group g of two-bit levels as Q2_K, Q3_K and the high bits of Q6_K lay them out.
inline Steps k_pair_steps(const std::uint8_t* qs, int g) {
  Steps steps;
  for (int s = 0; s < 8; ++s) steps.word[s] = word_at(qs + g / 4 * 32, s) >> (g % 4 * 2) & kPairs;
  return steps;
}

/// Adds bit g of bytes [32] at bit `position`, as Q3_K and Q5_K keep their top bits.
inline Steps with_top_bits(Steps steps, const std::uint8_t* bits, int g, int position) {
  for (int s = 0; s < 8; ++s) steps.word[s] |= (word_at(bits, s) >> g & kOnes) << position;
  return steps;
}

inline Steps levels(const quant::BlockQ8_0& block, int) {
  Steps steps;
  for (int s = 0; s < 8; ++s) steps.word[s] = word_at(block.qs, s) ^ 0x80808080U;
  return steps;
}
inline Steps levels(const quant::BlockQ4_0& block, int) { return nibble_steps(block.qs); }
inline Steps levels(const quant::BlockQ4_1& block, int) { return nibble_steps(block.qs); }
inline Steps levels(const quant::BlockQ5_0& block, int) {
  return with_fifth_bits(nibble_steps(block.qs), block.qh);
}
inline Steps levels(const quant::BlockQ5_1& block, int) {
  return with_fifth_bits(nibble_steps(block.qs), block.qh);
}
inline Steps levels(const quant::BlockIQ4_NL& block, int) { return nibble_steps(block.qs); }
inline Steps levels(const quant::BlockIQ4_XS& block, int g) {
  return nibble_steps(block.qs + 16 * g);
}
inline Steps levels(const quant::BlockQ2_K& block, int g) { return k_pair_steps(block.qs, g); }
inline Steps levels(const quant::BlockQ3_K& block, int g) {
  return with_top_bits(k_pair_steps(block.qs, g), block.hmask, g, 2);
}
inline Steps levels(const quant::BlockQ4_K& block, int g) { return k_nibble_steps(block.qs, g); }
inline Steps levels(const quant::BlockQ5_K& block, int g) {
  return with_top_bits(k_nibble_steps(block.qs, g), block.qh, g, 4);
}
inline Steps levels(const quant::BlockQ6_K& block, int g) {
  const Steps high = k_pair_steps(block.qh, g);
  Steps steps;
  const std::uint8_t* low = block.ql + g / 4 * 64 + g % 2 * 32;
  for (int s = 0; s < 8; ++s) {
    steps.word[s] = (word_at(low, s) >> (g % 4 / 2 * 4) & kNibbles) | high.word[s] << 4;
  }
  return steps;
}

/// Scale of 16 values number i, less its offset.
inline int small_scale(const quant::BlockQ6_K& block, int i) { return block.scales[i]; }
inline int small_scale(const quant::BlockQ3_K& block, int i) {
  const int low = block.scales[i % 8] >> (i / 8 * 4) & 15;
  const int high = block.scales[8 + i % 4] >> (i / 4 * 2) & 3;
  return (low | high << 4) - 32;
}
/// Scale of group g.
inline int small_scale(const quant::BlockIQ4_XS& block, int g) {
  const int low = block.scales_l[g / 2] >> (g % 2 * 4) & 15;
  const int high = block.scales_h >> (2 * g) & 3;
  return (low | high << 4) - 32;
}

}  // namespace frugal::ops

// How packed weights lie in memory: 16 rows side by side, so that a SIMD lane is an output.
//
// A panel holds 16 rows of a weight, the very information of the stored rows, rearranged.
//
// Float types: [k][16] values as stored.
//
// Block types: units of 256 values, the last one perhaps shorter, each the scales of its values, up
// to a multiple of 64 bytes, then their levels (the whole numbers that a block holds). So a panel
// is read in order, as memory likes best. Levels stand in groups of 32 values. A group has eight
// steps of four values; in a plane of b bits, bit field j of the bytes of 32-bit word i belongs to
// step i + j * b, so one load of 16 words [16 rows][4 bytes] and a shift give a step of all 16
// rows:
//   8 bits: words [8][16]; 4 bits: words [4][16], steps i and i + 4; 2 bits: words [2][16], steps
//   i, i + 2, i + 4, i + 6; 1 bit: words [1][16], step j in bit j.
// The plane of low bits comes first, then that of the high bits of types with 3, 5 or 6 bits.
#pragma once

#include <cstdint>

#include "quant/blocks.h"
#include "tensor/dtype.h"

namespace frugal::ops {

/// Rows of a panel.
inline constexpr std::int64_t kPanelRows = 16;
/// Values of a group of levels.
inline constexpr std::int64_t kGroup = 32;
/// Groups of a unit of 256 values.
inline constexpr std::int64_t kUnitGroups = quant::kSuperBlock / kGroup;

constexpr std::int64_t round_up_to_line(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// How a unit's scales and minimums are stored. f16 means half bits.
enum class ScaleForm {
  half,          // per group: f16 scale [16]
  half_min,      // per group: f16 scale [16], f16 min [16]
  six_bit_min,   // f16 d [16], f16 dmin [16], then words [3][16]: the low four bits of the eight
                 // scales, those of the minimums, the high two bits of both (scales first)
  byte,          // f16 d [16], then per group: i8 scale [16]
  byte_pair,     // f16 d [16], then per group: i8 scale [16][2], one per 16 values
  four_bit_min,  // f16 d [16], f16 dmin [16], then per group: u8 [16][2], one per 16 values: the
                 // scale low, the minimum high
};

/// value = scale * (level - offset) + min, or scale * kIq4Values[level]. Formats whose minimum is
/// subtracted have it negated by whoever reads it.
struct PanelFormat {
  int low_bits;
  int high_bits;
  int offset;
  ScaleForm scales;
  bool table = false;  // levels index kIq4Values

  constexpr int bits() const { return low_bits + high_bits; }
  /// Levels lie as products take them.
  constexpr bool in_place() const { return low_bits == 8; }
  constexpr bool has_min() const {
    return scales == ScaleForm::half_min || scales == ScaleForm::six_bit_min ||
           scales == ScaleForm::four_bit_min;
  }
  /// Scales per group of 32: 1, or 2 when one stands for 16 values.
  constexpr int halves() const {
    return scales == ScaleForm::byte_pair || scales == ScaleForm::four_bit_min ? 2 : 1;
  }
  /// Bytes of the scales of `groups` groups, less than kUnitGroups in a last unit only.
  constexpr std::int64_t scale_bytes(std::int64_t groups) const {
    switch (scales) {
      case ScaleForm::half:
        return round_up_to_line(groups * 32);
      case ScaleForm::half_min:
        return groups * 64;
      case ScaleForm::six_bit_min:
        return 64 + 3 * 64;
      case ScaleForm::byte:
        return round_up_to_line(32 + groups * 16);
      case ScaleForm::byte_pair:
        return round_up_to_line(32 + groups * 32);
      case ScaleForm::four_bit_min:
        return 64 + groups * 32;
    }
    return 0;
  }
  constexpr std::int64_t group_level_bytes() const { return kPanelRows * kGroup * bits() / 8; }
  constexpr std::int64_t unit_bytes(std::int64_t groups = kUnitGroups) const {
    return scale_bytes(groups) + groups * group_level_bytes();
  }
  constexpr std::int64_t panel_bytes(std::int64_t k) const {
    const std::int64_t groups = k / kGroup;
    const std::int64_t rest = groups % kUnitGroups;
    return groups / kUnitGroups * unit_bytes() + (rest == 0 ? 0 : unit_bytes(rest));
  }
};

/// For block types only.
constexpr PanelFormat panel_format(DType dtype) {
  switch (dtype) {
    case DType::q4_0:
      return {4, 0, 8, ScaleForm::half};
    case DType::q4_1:
      return {4, 0, 0, ScaleForm::half_min};
    case DType::q5_0:
      return {4, 1, 16, ScaleForm::half};
    case DType::q5_1:
      return {4, 1, 0, ScaleForm::half_min};
    case DType::q2_k:
      return {2, 0, 0, ScaleForm::four_bit_min};
    case DType::q3_k:
      return {2, 1, 4, ScaleForm::byte_pair};
    case DType::q4_k:
      return {4, 0, 0, ScaleForm::six_bit_min};
    case DType::q5_k:
      return {4, 1, 0, ScaleForm::six_bit_min};
    case DType::q6_k:
      return {4, 2, 32, ScaleForm::byte_pair};
    case DType::iq4_nl:
      return {4, 0, 0, ScaleForm::half, true};
    case DType::iq4_xs:
      return {4, 0, 0, ScaleForm::byte, true};
    default:
      return {8, 0, 128, ScaleForm::half};  // Q8_0
  }
}

}  // namespace frugal::ops

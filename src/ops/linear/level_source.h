// Where the kernels for block types get levels and scales from: a packed panel, read in order.
// Templates over Simd (ops/simd/), so that each instruction set compiles its own copy.
#pragma once

#include <array>
#include <cstddef>

#include "ops/linear/dot_format.h"

namespace frugal::ops {

/// How far ahead of its use memory is asked for: enough for its latency, little enough for the
/// first cache.
inline constexpr std::int64_t kAhead = 6144;

inline void prefetch(const std::byte* from, std::int64_t bytes) {
  for (std::int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + kAhead + at);
}

inline constexpr std::array<std::uint8_t, 16> kIq4Levels = [] {
  std::array<std::uint8_t, 16> levels{};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    levels[i] = static_cast<std::uint8_t>(quant::kIq4Values[i] + 128);
  }
  return levels;
}();

/// The scales of a packed unit. next_group() moves to the next 32 values.
template <class Simd, PanelFormat kFormat>
class PackedScales {
 public:
  using Floats = typename Simd::Floats;
  using Ints = typename Simd::Ints;

  void next_unit(const std::byte* scales) {
    at_ = scales;
    if constexpr (kFormat.scales == ScaleForm::half || kFormat.scales == ScaleForm::half_min) {
      return;
    }
    d_ = load_half();
    // These formats subtract their minimums.
    if constexpr (kFormat.has_min()) min_factor_ = Simd::negate(load_half());
    if constexpr (kFormat.scales == ScaleForm::six_bit_min) {
      low_scales_ = Simd::load_words(at_);
      low_mins_ = Simd::load_words(at_ + 64);
      high_ = Simd::load_words(at_ + 128);
    }
  }

  void next_group() {
    if constexpr (kFormat.scales == ScaleForm::half) {
      scale_[0] = load_half();
    } else if constexpr (kFormat.scales == ScaleForm::half_min) {
      scale_[0] = load_half();
      min_[0] = load_half();
    } else if constexpr (kFormat.scales == ScaleForm::six_bit_min) {
      const Ints nibble = Simd::set_words(15);
      const Ints high = Simd::set_words(0x30);
      const Ints scale = Simd::bit_or(Simd::bit_and(low_scales_, nibble),
                                      Simd::bit_and(Simd::shift_left(high_, 4), high));
      const Ints min = Simd::bit_or(Simd::bit_and(low_mins_, nibble),
                                    Simd::bit_and(Simd::shift_right(high_, 12), high));
      scale_[0] = Simd::multiply(d_, Simd::to_float(scale));
      min_[0] = Simd::multiply(min_factor_, Simd::to_float(min));
      low_scales_ = Simd::shift_right(low_scales_, 4);
      low_mins_ = Simd::shift_right(low_mins_, 4);
      high_ = Simd::shift_right(high_, 2);
    } else if constexpr (kFormat.scales == ScaleForm::byte) {
      scale_[0] = Simd::multiply(d_, Simd::to_float(Simd::load_i8(at_)));
      at_ += 16;
    } else {
      const Ints both = Simd::load_u16(at_);
      at_ += 32;
      if constexpr (kFormat.scales == ScaleForm::byte_pair) {
        const Ints first = Simd::shift_right_signed(Simd::shift_left(both, 24), 24);
        const Ints second = Simd::shift_right_signed(Simd::shift_left(both, 16), 24);
        scale_[0] = Simd::multiply(d_, Simd::to_float(first));
        scale_[1] = Simd::multiply(d_, Simd::to_float(second));
      } else {
        const Ints nibble = Simd::set_words(15);
        for (int h = 0; h < 2; ++h) {
          const Ints scale = Simd::bit_and(Simd::shift_right(both, 8 * h), nibble);
          const Ints min = Simd::bit_and(Simd::shift_right(both, 8 * h + 4), nibble);
          scale_[h] = Simd::multiply(d_, Simd::to_float(scale));
          min_[h] = Simd::multiply(min_factor_, Simd::to_float(min));
        }
      }
    }
  }

  Floats scale(int half) const { return scale_[half]; }
  Floats min(int half) const { return min_[half]; }

 private:
  Floats load_half() {
    const Floats values = Simd::load_half(at_);
    at_ += 32;
    return values;
  }

  const std::byte* at_ = nullptr;
  Floats d_ = Simd::zero();
  Floats min_factor_ = Simd::zero();
  Ints low_scales_{}, low_mins_{},
      high_{};  // of six bits: shifted so that the next group's come lowest
  Floats scale_[2]{};
  Floats min_[2]{};
};

/// Levels and scales straight out of a packed panel.
template <class Simd, PanelFormat kFormat>
class PackedSource {
 public:
  using Ints = typename Simd::Ints;
  static constexpr DotFormat kDot = dot_format(kFormat);

  /// Starts at unit `unit` of a panel.
  PackedSource(const std::byte* panel, std::int64_t unit)
      : group_(panel + unit * kFormat.unit_bytes()) {}

  /// Starts a unit of `groups` groups.
  void next_unit(std::int64_t groups) {
    const std::int64_t bytes = kFormat.scale_bytes(groups);
    prefetch(group_, bytes);
    scales_.next_unit(group_);
    group_ += bytes;
  }
  /// Makes the scales of the group at hand ready.
  void begin_group() {
    prefetch(group_, kFormat.group_level_bytes());
    scales_.next_group();
  }
  void end_group() { group_ += kFormat.group_level_bytes(); }

  /// The levels of values [4 s, 4 s + 4) of the group.
  Ints step(int s) const {
    const Ints low = plane<kFormat.low_bits>(group_, s);
    if constexpr (kFormat.table) return Simd::lookup(kIq4Levels.data(), low);
    if constexpr (kFormat.high_bits == 0) return low;
    const std::byte* high = group_ + kPanelRows * kGroup * kFormat.low_bits / 8;
    return Simd::bit_or(low, high_plane(high, s));
  }
  typename Simd::Floats scale(int half) const { return scales_.scale(half); }
  typename Simd::Floats min(int half) const { return scales_.min(half); }

 private:
  template <int kBits>
  static Ints plane(const std::byte* words, int s) {
    const Ints word = Simd::load_words(words + s % kBits * 64);
    if constexpr (kBits == 8) return word;
    constexpr std::uint32_t kMask = ((1U << kBits) - 1) * 0x01010101U;
    return Simd::bit_and(Simd::shift_right(word, s / kBits * kBits), Simd::set_words(kMask));
  }

  // Shifted at once to where the high bits belong.
  static Ints high_plane(const std::byte* words, int s) {
    constexpr int kBits = kFormat.high_bits == 0 ? 1 : kFormat.high_bits;
    const Ints word = Simd::load_words(words + s % kBits * 64);
    const int by = kFormat.low_bits - s / kBits * kBits;
    constexpr std::uint32_t kMask = (((1U << kBits) - 1) << kFormat.low_bits & 0xFF) * 0x01010101U;
    return Simd::bit_and(by >= 0 ? Simd::shift_left(word, by) : Simd::shift_right(word, -by),
                         Simd::set_words(kMask));
  }

  const std::byte* group_;
  PackedScales<Simd, kFormat> scales_;
};

/// A unit of a panel, unpacked for use by many rows.
template <DotFormat kFormat>
struct UnpackedUnit {
  alignas(64) std::uint8_t levels[kUnitGroups * kPanelRows * kGroup];  // [groups][8][16][4]
  float scale[kUnitGroups * kFormat.halves * kPanelRows];              // [groups][halves][16]
  float min[kFormat.has_min ? kUnitGroups * kFormat.halves * kPanelRows : 1];

  /// Reads `groups` groups out of `source`.
  template <class Simd, class Source>
  void fill(Source source, std::int64_t groups) {
    source.next_unit(groups);
    for (std::int64_t g = 0; g < groups; ++g) {
      source.begin_group();
#pragma GCC unroll 8
      for (int s = 0; s < 8; ++s) Simd::store_words(levels + (g * 8 + s) * 64, source.step(s));
      for (int h = 0; h < kFormat.halves; ++h) {
        const std::int64_t at = (g * kFormat.halves + h) * kPanelRows;
        Simd::store(scale + at, source.scale(h));
        if constexpr (kFormat.has_min) Simd::store(min + at, source.min(h));
      }
      source.end_group();
    }
  }
};

/// Levels and scales out of an UnpackedUnit.
template <class Simd, DotFormat kFormat>
class UnpackedSource {
 public:
  static constexpr DotFormat kDot = kFormat;

  explicit UnpackedSource(const UnpackedUnit<kFormat>& unit)
      : levels_(unit.levels), scale_(unit.scale), min_(unit.min) {}

  void next_unit(std::int64_t) {}
  void begin_group() {}
  void end_group() {
    levels_ += kPanelRows * kGroup;
    scale_ += kFormat.halves * kPanelRows;
    min_ += kFormat.halves * kPanelRows;
  }
  typename Simd::Ints step(int s) const { return Simd::load_words(levels_ + s * 64); }
  typename Simd::Floats scale(int half) const { return Simd::load(scale_ + half * kPanelRows); }
  typename Simd::Floats min(int half) const { return Simd::load(min_ + half * kPanelRows); }

 private:
  const std::uint8_t* levels_;
  const float* scale_;
  const float* min_;
};

}  // namespace frugal::ops

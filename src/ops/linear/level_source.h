// Where the kernels for block types get levels and scales from: a packed panel, read in order.
// Templates over Simd (ops/simd/), so that each instruction set compiles its own copy.
#pragma once

#include <array>
#include <cstddef>

#include "ops/linear/dot_format.h"
#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

/// How far ahead of its use memory is asked for when it is read once, in order: enough for its
/// latency, little enough for the first cache.
inline constexpr std::int64_t kAhead = 6144;

inline void prefetch(const std::byte* from, std::int64_t bytes) {
  for (std::int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + kAhead + at);
}

/// Lines of memory of some panels that are asked for, into the second cache, while others are at
/// work: as evenly as can be, since what waits for memory takes the place of what reads caches.
struct Ahead {
  const std::byte* at = nullptr;
  std::int64_t panel_bytes = 0;  // from panel to panel
  std::int64_t lines = 0;        // of each panel
  std::int64_t share = 0;        // of these with each group

  /// What block `index` of `count` blocks of rows asks for with its `groups` groups.
  Ahead part(std::int64_t index, std::int64_t count, std::int64_t groups) const {
    const std::int64_t first = lines * index / count;
    const std::int64_t here = lines * (index + 1) / count - first;
    return {at + first * 64, panel_bytes, here, (here + groups - 1) / groups};
  }
  void ask(int panels) {
    for (std::int64_t i = 0; i < share && lines > 0; ++i, --lines, at += 64) {
      for (int p = 0; p < panels; ++p) __builtin_prefetch(at + p * panel_bytes, 0, 2);
    }
  }
};

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

/// Levels and scales straight out of a packed panel. kReadOnce: memory ahead is asked for.
template <class Simd, PanelFormat kFormat, bool kReadOnce>
class PackedSource {
 public:
  using Ints = typename Simd::Ints;
  static constexpr DotFormat kDot = dot_format(kFormat);

  /// Starts at unit `unit` of a panel.
  PackedSource(const std::byte* panel, std::int64_t unit)
      : group_(panel + unit * kFormat.unit_bytes()) {}

  /// Makes group g of `groups`, of whole units but for the panel's last one, ready.
  void begin_group(std::int64_t g, std::int64_t groups) {
    if (g % kUnitGroups == 0) {
      const std::int64_t left = groups - g;
      const std::int64_t bytes = kFormat.scale_bytes(left < kUnitGroups ? left : kUnitGroups);
      if constexpr (kReadOnce) prefetch(group_, bytes);
      scales_.next_unit(group_);
      group_ += bytes;
    }
    if constexpr (kReadOnce) prefetch(group_, kFormat.group_level_bytes());
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

/// Groups of a panel that stay in the first cache together.
template <class Simd>
inline constexpr std::int64_t kStripGroups = 4 / Simd::kPanels* kUnitGroups;

/// A strip of up to Simd::kPanels panels, read where it lies.
template <class Simd, PanelFormat kFormat>
struct PackedStrip {
  using Source = PackedSource<Simd, kFormat, false>;

  const LevelProduct& product;
  std::int64_t panel;
  std::int64_t group;

  Source source(std::int64_t i) const {
    return Source(product.panel(panel + i), group / kUnitGroups);
  }
};

/// A strip of up to Simd::kPanels panels, unpacked for use by many rows.
template <class Simd, DotFormat kFormat>
class UnpackedStrip {
 public:
  /// Reads the `groups` groups of panel `panel` out of `from`.
  template <class From>
  void fill(std::int64_t panel, From from, std::int64_t groups) {
    Panel& to = panels_[panel];
    for (std::int64_t g = 0; g < groups; ++g) {
      from.begin_group(g, groups);
#pragma GCC unroll 8
      for (int s = 0; s < 8; ++s) Simd::store_words(to.levels + (g * 8 + s) * 64, from.step(s));
      for (int h = 0; h < kFormat.halves; ++h) {
        const std::int64_t at = (g * kFormat.halves + h) * kPanelRows;
        Simd::store(to.scale + at, from.scale(h));
        if constexpr (kFormat.has_min) Simd::store(to.min + at, from.min(h));
      }
      from.end_group();
    }
  }

  /// Levels and scales of one panel.
  class Source {
   public:
    static constexpr DotFormat kDot = kFormat;

    Source(const std::uint8_t* levels, const float* scale, const float* min)
        : levels_(levels), scale_(scale), min_(min) {}

    void begin_group(std::int64_t, std::int64_t) {}
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

  Source source(std::int64_t i) const {
    return {panels_[i].levels, panels_[i].scale, panels_[i].min};
  }

 private:
  static constexpr std::int64_t kGroups = kStripGroups<Simd>;
  static constexpr std::int64_t kScales = kGroups * kFormat.halves * kPanelRows;

  struct Panel {
    alignas(64) std::uint8_t levels[kGroups * kPanelRows * kGroup];  // [groups][8][16][4]
    float scale[kScales];                                            // [groups][halves][16]
    float min[kFormat.has_min ? kScales : 1];
  };
  Panel panels_[Simd::kPanels];
};

}  // namespace frugal::ops

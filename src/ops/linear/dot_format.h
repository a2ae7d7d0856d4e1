// What the inner product of levels and activations needs to know of a packed format.
#pragma once

#include "ops/panel/panel_format.h"

namespace frugal::ops {

/// Formats that agree in these share the kernel that works on unpacked levels.
struct DotFormat {
  int bits;    // of a level
  int offset;  // a power of two up to 128, or 0
  int halves;  // scales per group of 32
  bool has_min;

  /// offset is 128 >> offset_shift().
  constexpr unsigned offset_shift() const {
    unsigned shift = 0;
    while ((128 >> shift) > offset) ++shift;
    return shift;
  }
  /// Values between two scales, in steps of four.
  constexpr int half_steps() const { return 8 / halves; }
};

constexpr DotFormat dot_format(PanelFormat format) {
  // Table entries get 128 added when they are looked up.
  if (format.table) return {8, 128, format.halves(), format.has_min()};
  return {format.bits(), format.offset, format.halves(), format.has_min()};
}

}  // namespace frugal::ops

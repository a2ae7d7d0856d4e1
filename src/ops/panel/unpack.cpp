#include <algorithm>
#include <cstring>

#include "ops/panel/panel.h"
#include "quant/quant.h"
#include "tensor/float_bits.h"

namespace frugal::ops {

namespace {

template <typename T>
T get(const std::byte* from, std::int64_t index) {
  T value;
  std::memcpy(&value, from + index * static_cast<std::int64_t>(sizeof(T)), sizeof value);
  return value;
}

float half(const std::byte* from, std::int64_t index) {
  return f16_to_float(get<std::uint16_t>(from, index));
}

// Bits [bits * i, bits * (i + 1)) of plane byte j: value 4 s + j with s the step.
std::uint8_t plane_value(const std::byte* plane, int bits, int step, int j, std::int64_t row) {
  const int words = bits;  // a step is 8 bits of a word's byte wide: 8 / (8 / bits)
  const auto byte = get<std::uint8_t>(plane, (step % words * kPanelRows + row) * 4 + j);
  return static_cast<std::uint8_t>(byte >> (step / words * bits) & ((1 << bits) - 1));
}

void read_scales(const PanelFormat& format, const std::byte* unit, std::int64_t row, std::int64_t g,
                 LevelGroup& group) {
  const float d = half(unit, row);
  float scale[2] = {};
  float min[2] = {};
  switch (format.scales) {
    case ScaleForm::half:
      scale[0] = scale[1] = half(unit, g * kPanelRows + row);
      break;
    case ScaleForm::half_min:
      scale[0] = scale[1] = half(unit, 2 * g * kPanelRows + row);
      min[0] = min[1] = half(unit, (2 * g + 1) * kPanelRows + row);
      break;
    case ScaleForm::six_bit_min: {
      const auto word = [&](int w) { return get<std::uint32_t>(unit + 64, w * kPanelRows + row); };
      const std::uint32_t s = (word(0) >> (4 * g) & 15) | (word(2) >> (2 * g) & 3) << 4;
      const std::uint32_t m = (word(1) >> (4 * g) & 15) | (word(2) >> (16 + 2 * g) & 3) << 4;
      scale[0] = scale[1] = d * static_cast<float>(s);
      min[0] = min[1] = -(half(unit, kPanelRows + row) * static_cast<float>(m));
      break;
    }
    case ScaleForm::byte:
      scale[0] = scale[1] =
          d * static_cast<float>(get<std::int8_t>(unit + 32, g * kPanelRows + row));
      break;
    case ScaleForm::byte_pair:
      for (int h = 0; h < 2; ++h) {
        const auto s = get<std::int8_t>(unit + 32, (g * kPanelRows + row) * 2 + h);
        scale[h] = d * static_cast<float>(s);
      }
      break;
    case ScaleForm::four_bit_min:
      for (int h = 0; h < 2; ++h) {
        const auto both = get<std::uint8_t>(unit + 64, (g * kPanelRows + row) * 2 + h);
        scale[h] = d * static_cast<float>(both & 15);
        min[h] = -(half(unit, kPanelRows + row) * static_cast<float>(both >> 4));
      }
      break;
  }
  std::copy_n(scale, 2, group.scale);
  std::copy_n(min, 2, group.min);
}

}  // namespace

LevelGroup read_group(const Weight& packed, std::int64_t row, std::int64_t group) {
  const PanelFormat format = panel_format(packed.dtype);
  const std::byte* panel = packed.data + row / kPanelRows * format.panel_bytes(packed.k);
  const std::byte* unit = panel + group / kUnitGroups * format.unit_bytes();
  const std::int64_t in_unit = group % kUnitGroups;
  const std::int64_t count = std::min(kUnitGroups, packed.k / kGroup - group + in_unit);
  const std::int64_t r = row % kPanelRows;
  const std::byte* low = unit + format.scale_bytes(count) + in_unit * format.group_level_bytes();
  const std::byte* high = low + kPanelRows * kGroup * format.low_bits / 8;
  LevelGroup result;
  for (int i = 0; i < kGroup; ++i) {
    const std::uint8_t bits = plane_value(low, format.low_bits, i / 4, i % 4, r);
    const std::uint8_t top =
        format.high_bits == 0 ? 0 : plane_value(high, format.high_bits, i / 4, i % 4, r);
    result.levels[i] = static_cast<std::uint8_t>(bits | top << format.low_bits);
  }
  read_scales(format, unit, r, in_unit, result);
  return result;
}

int level_value(const PanelFormat& format, std::uint8_t level) {
  return format.table ? quant::kIq4Values[level] : level - format.offset;
}

void decode_packed(const Weight& packed, std::int64_t row, std::int64_t k0, std::span<float> out) {
  if (!is_block_type(packed.dtype)) {
    const std::int64_t size = row_bytes(packed.dtype, 1);
    const std::byte* panel = packed.data + row / kPanelRows * panel_bytes(packed.dtype, packed.k);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::int64_t at = (k0 + static_cast<std::int64_t>(i)) * kPanelRows + row % kPanelRows;
      quant::dequantize(packed.dtype, {panel + at * size, static_cast<std::size_t>(size)},
                        out.subspan(i, 1));
    }
    return;
  }
  const PanelFormat format = panel_format(packed.dtype);
  for (std::size_t i = 0; i < out.size(); i += kGroup) {
    const LevelGroup group = read_group(packed, row, (k0 + static_cast<std::int64_t>(i)) / kGroup);
    for (std::size_t j = 0; j < kGroup; ++j) {
      const auto value = static_cast<float>(level_value(format, group.levels[j]));
      const float product = group.scale[j / 16] * value;
      out[i + j] = format.has_min() ? product + group.min[j / 16] : product;
    }
  }
}

}  // namespace frugal::ops

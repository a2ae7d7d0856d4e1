#include <algorithm>
#include <cstring>

#include "ops/panel/block_levels.h"
#include "ops/panel/panel.h"

namespace frugal::ops {

namespace {

template <typename T>
void put(std::byte* to, std::int64_t index, T value) {
  std::memcpy(to + index * static_cast<std::int64_t>(sizeof(T)), &value, sizeof(T));
}

// Writes the levels of one row's group: word w of a plane goes to words[w * 16 + row].
template <PanelFormat kFormat>
void store_levels(const Steps& steps, std::int64_t row, std::byte* group) {
  const auto store = [&](int w, std::uint32_t word) { put(group, w * kPanelRows + row, word); };
  int words = 8;
  if constexpr (kFormat.low_bits == 8) {
    for (int i = 0; i < 8; ++i) store(i, steps.word[i]);
  } else if constexpr (kFormat.low_bits == 4) {
    words = 4;
    for (int i = 0; i < 4; ++i) {
      store(i, (steps.word[i] & kNibbles) | (steps.word[i + 4] & kNibbles) << 4);
    }
  } else {
    words = 2;
    for (int i = 0; i < 2; ++i) {
      std::uint32_t word = 0;
      for (int j = 0; j < 4; ++j) word |= (steps.word[i + 2 * j] & kPairs) << (2 * j);
      store(i, word);
    }
  }
  if constexpr (kFormat.high_bits == 2) {
    for (int i = 0; i < 2; ++i) {
      std::uint32_t word = 0;
      for (int j = 0; j < 4; ++j) word |= (steps.word[i + 2 * j] >> 4 & kPairs) << (2 * j);
      store(words + i, word);
    }
  } else if constexpr (kFormat.high_bits == 1) {
    std::uint32_t word = 0;
    for (int s = 0; s < 8; ++s) word |= (steps.word[s] >> kFormat.low_bits & kOnes) << s;
    store(words, word);
  }
}

// Writes the scales of one row's block, group g of its unit when a block is a group (see
// ScaleForm).
template <PanelFormat kFormat, typename Block>
void store_scales(const Block& block, std::int64_t row, std::int64_t g, std::byte* unit) {
  if constexpr (kFormat.scales == ScaleForm::half) {
    put(unit, g * kPanelRows + row, block.d);
    return;
  } else if constexpr (kFormat.scales == ScaleForm::half_min) {
    put(unit, 2 * g * kPanelRows + row, block.d);
    put(unit, (2 * g + 1) * kPanelRows + row, block.m);
    return;
  }
  put(unit, row, block.d);
  if constexpr (kFormat.scales == ScaleForm::six_bit_min) {
    put(unit, kPanelRows + row, block.dmin);
    std::uint32_t words[3] = {};
    for (int i = 0; i < kUnitGroups; ++i) {
      const quant::ScaleAndMin both = quant::scale_and_min(block.scales, i);
      words[0] |= static_cast<std::uint32_t>(both.scale & 15) << (4 * i);
      words[1] |= static_cast<std::uint32_t>(both.min & 15) << (4 * i);
      words[2] |= static_cast<std::uint32_t>(both.scale >> 4) << (2 * i);
      words[2] |= static_cast<std::uint32_t>(both.min >> 4) << (16 + 2 * i);
    }
    for (int w = 0; w < 3; ++w) put(unit + 64, w * kPanelRows + row, words[w]);
  } else if constexpr (kFormat.scales == ScaleForm::byte) {
    for (int i = 0; i < kUnitGroups; ++i) {
      put(unit + 32, i * kPanelRows + row, static_cast<std::int8_t>(small_scale(block, i)));
    }
  } else if constexpr (kFormat.scales == ScaleForm::byte_pair) {
    for (int i = 0; i < 2 * kUnitGroups; ++i) {
      put(unit + 32, (i / 2 * kPanelRows + row) * 2 + i % 2,
          static_cast<std::int8_t>(small_scale(block, i)));
    }
  } else if constexpr (kFormat.scales == ScaleForm::four_bit_min) {
    put(unit, kPanelRows + row, block.dmin);
    for (int i = 0; i < 2 * kUnitGroups; ++i) {
      put(unit + 64, (i / 2 * kPanelRows + row) * 2 + i % 2, block.scales[i]);
    }
  }
}

template <DType kType, typename Block>
void pack_block_panel(const Weight& weight, std::int64_t first, std::int64_t rows,
                      std::byte* panel) {
  constexpr PanelFormat kFormat = panel_format(kType);
  constexpr bool kSimple =
      kFormat.scales == ScaleForm::half || kFormat.scales == ScaleForm::half_min;
  constexpr std::int64_t kBlockGroups = kSimple ? 1 : kUnitGroups;
  const std::int64_t stride = row_bytes(kType, weight.k);
  const std::int64_t groups = weight.k / kGroup;
  for (std::int64_t g = 0; g < groups; g += kBlockGroups) {
    std::byte* unit = panel + g / kUnitGroups * kFormat.unit_bytes();
    const std::int64_t in_unit = g % kUnitGroups;
    std::byte* at = unit + kFormat.scale_bytes(std::min(kUnitGroups, groups - g + in_unit)) +
                    in_unit * kFormat.group_level_bytes();
    for (std::int64_t r = 0; r < rows; ++r) {
      Block block;  // copied out, since a tensor of a file may start at any address
      std::memcpy(&block,
                  weight.data + (first + r) * stride +
                      g / kBlockGroups * static_cast<std::int64_t>(sizeof(Block)),
                  sizeof block);
      store_scales<kFormat>(block, r, in_unit, unit);
      for (int i = 0; i < kBlockGroups; ++i) {
        store_levels<kFormat>(levels(block, i), r, at + i * kFormat.group_level_bytes());
      }
    }
  }
}

// [rows][k] to [k][16], for values of one, two or four bytes.
template <typename T>
void pack_plain_panel(const Weight& weight, std::int64_t first, std::int64_t rows,
                      std::byte* panel) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::byte* row = weight.data + (first + r) * row_bytes(weight.dtype, weight.k);
    for (std::int64_t i = 0; i < weight.k; ++i) {
      T value;
      std::memcpy(&value, row + i * static_cast<std::int64_t>(sizeof(T)), sizeof value);
      put(panel, i * kPanelRows + r, value);
    }
  }
}

using PackPanel = void (*)(const Weight& weight, std::int64_t first, std::int64_t rows,
                           std::byte* panel);

PackPanel packer(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return pack_plain_panel<std::uint32_t>;
    case DType::f16:
    case DType::bf16:
      return pack_plain_panel<std::uint16_t>;
    case DType::f8_e4m3:
      return pack_plain_panel<std::uint8_t>;
    case DType::q4_0:
      return pack_block_panel<DType::q4_0, quant::BlockQ4_0>;
    case DType::q4_1:
      return pack_block_panel<DType::q4_1, quant::BlockQ4_1>;
    case DType::q5_0:
      return pack_block_panel<DType::q5_0, quant::BlockQ5_0>;
    case DType::q5_1:
      return pack_block_panel<DType::q5_1, quant::BlockQ5_1>;
    case DType::q8_0:
      return pack_block_panel<DType::q8_0, quant::BlockQ8_0>;
    case DType::q2_k:
      return pack_block_panel<DType::q2_k, quant::BlockQ2_K>;
    case DType::q3_k:
      return pack_block_panel<DType::q3_k, quant::BlockQ3_K>;
    case DType::q4_k:
      return pack_block_panel<DType::q4_k, quant::BlockQ4_K>;
    case DType::q5_k:
      return pack_block_panel<DType::q5_k, quant::BlockQ5_K>;
    case DType::q6_k:
      return pack_block_panel<DType::q6_k, quant::BlockQ6_K>;
    case DType::iq4_nl:
      return pack_block_panel<DType::iq4_nl, quant::BlockIQ4_NL>;
    case DType::iq4_xs:
      return pack_block_panel<DType::iq4_xs, quant::BlockIQ4_XS>;
    default:
      return nullptr;
  }
}

}  // namespace

bool can_pack(DType dtype) { return packer(dtype) != nullptr; }

std::int64_t panel_count(std::int64_t n) { return (n + kPanelRows - 1) / kPanelRows; }

std::int64_t panel_bytes(DType dtype, std::int64_t k) {
  return is_block_type(dtype) ? panel_format(dtype).panel_bytes(k)
                              : round_up_to_line(kPanelRows * row_bytes(dtype, k));
}

std::int64_t packed_bytes(DType dtype, std::int64_t n, std::int64_t k) {
  return panel_count(n) * panel_bytes(dtype, k);
}

void pack_panels(const Weight& weight, std::int64_t begin, std::int64_t end, std::byte* packed) {
  const PackPanel pack_panel = packer(weight.dtype);
  require(pack_panel != nullptr && weight.layout == WeightLayout::rows,
          "a weight of {} in this layout cannot be packed", dtype_name(weight.dtype));
  const std::int64_t bytes = panel_bytes(weight.dtype, weight.k);
  for (std::int64_t p = begin; p < end; ++p) {
    const std::int64_t rows = std::min(kPanelRows, weight.n - p * kPanelRows);
    std::byte* panel = packed + p * bytes;
    if (rows < kPanelRows) std::memset(panel, 0, static_cast<std::size_t>(bytes));
    pack_panel(weight, p * kPanelRows, rows, panel);
  }
}

Weight packed_weight(const Weight& weight, const std::byte* packed,
                     std::shared_ptr<const void> owner) {
  Weight result = weight;
  result.layout = WeightLayout::panels;
  result.data = packed;
  result.owner = std::move(owner);
  if (weight.scales != nullptr && weight.owner != nullptr) {
    // The scales live on where they were.
    using Owners = std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>;
    result.owner = std::make_shared<Owners>(weight.owner, result.owner);
  }
  return result;
}

Weight pack(const Weight& weight) {
  const auto memory = std::make_shared<Buffer>(
      static_cast<std::size_t>(packed_bytes(weight.dtype, weight.n, weight.k)), "a packed weight");
  pack_panels(weight, 0, panel_count(weight.n), memory->data());
  return packed_weight(weight, memory->data(), memory);
}

}  // namespace frugal::ops

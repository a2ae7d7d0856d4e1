// Packing weights into panels, and reading packed rows back.
#pragma once

#include <cstddef>
#include <span>

#include "ops/panel/panel_format.h"
#include "ops/weight.h"

namespace frugal::ops {

/// True for the dtypes that have a packed form: floats, FP8 and all block types.
bool can_pack(DType dtype);

/// Panels of a weight with n rows; the last may be part empty.
std::int64_t panel_count(std::int64_t n);

/// Bytes of one panel of a weight with rows of k values, a multiple of 64.
std::int64_t panel_bytes(DType dtype, std::int64_t k);

/// Bytes of a packed [n, k]; the last panel counts whole.
std::int64_t packed_bytes(DType dtype, std::int64_t n, std::int64_t k);

/// Packs panels [begin, end) of `weight` (stored by rows) into `packed`, where panel 0 starts at
/// packed[0]. Rows beyond n are zeros.
void pack_panels(const Weight& weight, std::int64_t begin, std::int64_t end, std::byte* packed);

/// The weight whose panels pack_panels() wrote to `packed`, memory that `owner` keeps alive.
Weight packed_weight(const Weight& weight, const std::byte* packed,
                     std::shared_ptr<const void> owner);

/// `weight` packed into memory of its own.
Weight pack(const Weight& weight);

/// 32 values of a packed row of a block type.
struct LevelGroup {
  std::uint8_t levels[kGroup];
  float scale[2];  // of the first and the second 16 values
  float min[2];    // as it is added; 0 in formats that have none
};

/// Group `group` of row `row`: values [32 group, 32 group + 32).
LevelGroup read_group(const Weight& packed, std::int64_t row, std::int64_t group);

/// The number that multiplies the scale: level - offset, or the table's entry.
int level_value(const PanelFormat& format, std::uint8_t level);

/// Decodes values [k0, k0 + out.size()) of a packed row, with the bits that the stored row would
/// give. FP8 comes without its scales.
void decode_packed(const Weight& packed, std::int64_t row, std::int64_t k0, std::span<float> out);

}  // namespace frugal::ops

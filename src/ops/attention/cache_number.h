// Numbers of the cache, in portable code. Static, since each kernel file compiles its own copy.
#pragma once

#include <cmath>
#include <cstring>

#include "ops/cache.h"
#include "tensor/float_bits.h"

namespace frugal::ops {

/// The numbers of a tile of kBlockTokens positions, `width` of each. Number i of position j lies at
/// i * i_step + j * j_step, its scale at that of group i / 32: positions are rows, or columns when
/// transposed.
struct CacheTile {
  CacheType type;
  std::byte* base;
  std::int64_t width;
  bool transposed;

  std::int64_t place(std::int64_t position, std::int64_t i) const {
    return transposed ? i * kBlockTokens + position : position * width + i;
  }
  std::int64_t scale_place(std::int64_t position, std::int64_t i) const {
    const std::int64_t group = i / kCacheGroup;
    return transposed ? group * kBlockTokens + position : position * cache_groups(width) + group;
  }
  std::byte* scale(std::int64_t position, std::int64_t i) const {
    return base + kBlockTokens * width + 2 * scale_place(position, i);
  }
};

static inline float load_number(const CacheTile& tile, std::int64_t position, std::int64_t i) {
  const std::int64_t place = tile.place(position, i);
  if (tile.type == CacheType::f32) return reinterpret_cast<const float*>(tile.base)[place];
  std::uint16_t half;
  if (tile.type == CacheType::f16) {
    std::memcpy(&half, tile.base + 2 * place, sizeof half);
    return f16_to_float(half);
  }
  std::memcpy(&half, tile.scale(position, i), sizeof half);
  return static_cast<float>(reinterpret_cast<const std::int8_t*>(tile.base)[place]) *
         f16_to_float(half);
}

/// Rounds as the block type Q8_0 does: the largest magnitude of a group becomes 127.
static inline void store_group(const CacheTile& tile, std::int64_t position, std::int64_t first,
                               const float* values, std::int64_t count) {
  float peak = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(values[i]);
    peak = peak < magnitude ? magnitude : peak;
  }
  const float scale = peak / 127.0F;
  const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
  const std::uint16_t half = float_to_f16(scale);
  std::memcpy(tile.scale(position, first), &half, sizeof half);
  for (std::int64_t i = 0; i < count; ++i) {
    reinterpret_cast<std::int8_t*>(tile.base)[tile.place(position, first + i)] =
        static_cast<std::int8_t>(std::lrint(values[i] * inverse));
  }
}

/// Puts the first `count` numbers of a position, `count` at most the width.
static inline void store_numbers(const CacheTile& tile, std::int64_t position, const float* values,
                                 std::int64_t count) {
  if (tile.type == CacheType::q8_0) {
    for (std::int64_t i = 0; i < count; i += kCacheGroup) {
      store_group(tile, position, i, values + i, count - i < kCacheGroup ? count - i : kCacheGroup);
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t place = tile.place(position, i);
    if (tile.type == CacheType::f32) {
      reinterpret_cast<float*>(tile.base)[place] = values[i];
    } else {
      const std::uint16_t half = float_to_f16(values[i]);
      std::memcpy(tile.base + 2 * place, &half, sizeof half);
    }
  }
}

}  // namespace frugal::ops

// One number of the cache, in portable code.
#pragma once

#include "ops/cache.h"
#include "tensor/float_bits.h"

namespace frugal::ops {

inline float load_number(CacheType type, const std::byte* from, std::int64_t index) {
  if (type == CacheType::f32) return reinterpret_cast<const float*>(from)[index];
  return f16_to_float(reinterpret_cast<const std::uint16_t*>(from)[index]);
}

inline void store_number(CacheType type, std::byte* to, std::int64_t index, float value) {
  if (type == CacheType::f32) {
    reinterpret_cast<float*>(to)[index] = value;
  } else {
    reinterpret_cast<std::uint16_t*>(to)[index] = float_to_f16(value);
  }
}

}  // namespace frugal::ops

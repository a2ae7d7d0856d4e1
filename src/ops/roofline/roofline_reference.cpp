#include <cmath>
#include <cstring>

#include "ops/roofline/roofline_kernels.h"

namespace frugal::ops {

namespace {

std::uint32_t read(const std::byte* data, std::int64_t bytes) {
  std::uint64_t all = 0;
  for (std::int64_t at = 0; at + 8 <= bytes; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, data + at, sizeof word);
    all |= word;
  }
  return static_cast<std::uint32_t>(all | all >> 32);
}

std::int64_t multiply_floats(std::int64_t turns, float* sink) {
  float sum = *sink;
  for (std::int64_t i = 0; i < turns; ++i) sum = std::fmaf(sum, 0.5F, 0.5F);
  *sink = sum;
  return turns * 2;
}

std::int64_t multiply_bytes(std::int64_t turns, std::int32_t* sink) {
  std::int32_t sum = *sink;
  for (std::int64_t i = 0; i < turns; ++i) sum = (sum & 127) * 3 + 1;
  *sink = sum;
  return turns * 2;
}

}  // namespace

RooflineKernels roofline_kernels_reference() {
  return {read, multiply_floats, multiply_bytes, multiply_floats};
}

}  // namespace frugal::ops

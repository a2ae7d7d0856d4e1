// The loops behind measure_roofline(), one set per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace frugal::ops {

struct RooflineKernels {
  /// Reads `bytes` bytes, a multiple of 512; the result depends on all of them.
  std::uint32_t (*read)(const std::byte* data, std::int64_t bytes);
  /// Work in registers alone, so that nothing but the arithmetic counts; return how many operations
  /// were done in `turns` turns. `sink` keeps the result alive.
  std::int64_t (*multiply_floats)(std::int64_t turns, float* sink);
  std::int64_t (*multiply_bytes)(std::int64_t turns, std::int32_t* sink);
  /// As multiply_floats, by what multiplies bfloat16: the same loop where only tiles of AMX would.
  std::int64_t (*multiply_bf16)(std::int64_t turns, float* sink);
};

RooflineKernels roofline_kernels_reference();
RooflineKernels roofline_kernels_avx2();
RooflineKernels roofline_kernels_avx512();
RooflineKernels roofline_kernels_amx();

}  // namespace frugal::ops

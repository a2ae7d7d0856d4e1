// The kernels behind gemm(), one per instruction set.
#pragma once

#include "ops/gemm/gemm.h"

namespace frugal::ops {

/// Computes a product on one thread. The tile is what the kernel holds in registers: products are
/// best cut at multiples of it.
struct GemmKernel {
  std::int64_t tile_rows;
  std::int64_t tile_cols;
  void (*run)(const Gemm& product);
};

GemmKernel gemm_reference();
GemmKernel gemm_avx2();
GemmKernel gemm_avx512();

}  // namespace frugal::ops

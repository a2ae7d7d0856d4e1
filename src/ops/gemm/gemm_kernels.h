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

// With factors rounded to bfloat16. The reference has the bits of amx; avx2 and avx512 run their
// float kernels over rounded copies.
GemmKernel gemm_bf16_reference();
GemmKernel gemm_bf16_avx2();
GemmKernel gemm_bf16_avx512();
GemmKernel gemm_bf16_amx();

}  // namespace frugal::ops

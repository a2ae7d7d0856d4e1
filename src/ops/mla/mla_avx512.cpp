#include "ops/mla/mla_kernel.h"
#include "ops/simd/simd_avx512.h"

namespace frugal::ops {

MlaKernels mla_kernels_avx512(CacheType type) {
  if (type == CacheType::f16) return MlaKernel<avx512::Simd, CacheType::f16>::kernels();
  return MlaKernel<avx512::Simd, CacheType::f32>::kernels();
}

}  // namespace frugal::ops

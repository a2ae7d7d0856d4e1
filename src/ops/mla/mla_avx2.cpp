#include "ops/mla/mla_kernel.h"
#include "ops/simd/simd_avx2.h"

namespace frugal::ops {

MlaKernels mla_kernels_avx2(CacheType type) {
  if (type == CacheType::f16) return MlaKernel<avx2::Simd, CacheType::f16>::kernels();
  return MlaKernel<avx2::Simd, CacheType::f32>::kernels();
}

}  // namespace frugal::ops

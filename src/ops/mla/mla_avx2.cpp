#include "ops/mla/mla_kernel.h"
#include "ops/simd/simd_avx2.h"

namespace frugal::ops {

MlaKernels mla_kernels_avx2(CacheType type) { return mla_kernels_for<avx2::Simd>(type); }

}  // namespace frugal::ops

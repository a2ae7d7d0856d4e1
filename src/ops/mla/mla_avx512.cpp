#include "ops/mla/mla_kernel.h"
#include "ops/simd/simd_avx512.h"

namespace frugal::ops {

MlaKernels mla_kernels_avx512(CacheType type) { return mla_kernels_for<avx512::Simd>(type); }

}  // namespace frugal::ops

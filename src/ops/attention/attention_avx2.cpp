#include "ops/attention/attention_kernel.h"
#include "ops/simd/simd_avx2.h"

namespace frugal::ops {

AttentionKernels attention_kernels_avx2(CacheType type) {
  return attention_kernels<avx2::Simd>(type);
}

}  // namespace frugal::ops

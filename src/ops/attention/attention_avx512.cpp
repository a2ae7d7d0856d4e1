#include "ops/attention/attention_kernel.h"
#include "ops/simd/simd_avx512.h"

namespace frugal::ops {

AttentionKernels attention_kernels_avx512(CacheType type) {
  return attention_kernels<avx512::Simd>(type);
}

}  // namespace frugal::ops

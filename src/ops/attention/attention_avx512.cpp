#include "ops/attention/attention_kernel.h"
#include "ops/attention/head_kernel.h"
#include "ops/simd/simd_avx512.h"

namespace frugal::ops {

AttentionKernels attention_kernels_avx512(CacheType type) {
  return attention_kernels<avx512::Simd>(type);
}

void head_backward_avx512(const Head& head, float* scratch) {
  HeadKernel<avx512::Simd>(Isa::avx512, head, scratch).run();
}

}  // namespace frugal::ops

#include "ops/attention/attention_kernel.h"
#include "ops/attention/head_kernel.h"
#include "ops/simd/simd_avx2.h"

namespace frugal::ops {

AttentionKernels attention_kernels_avx2(CacheType type) {
  return attention_kernels<avx2::Simd>(type);
}

void head_backward_avx2(const Head& head, float* scratch) {
  HeadKernel<avx2::Simd>(Isa::avx2, head, scratch).run();
}

}  // namespace frugal::ops

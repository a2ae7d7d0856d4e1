#include "ops/linear/float_kernel.h"
#include "ops/linear/level_kernel.h"
#include "ops/simd/simd_avx2.h"

namespace frugal::ops {

LinearKernels linear_kernels_avx2() {
  return {multiply_rows_avx2, float_kernel<avx2::Simd>, quantize_row_avx2,
          level_kernel<avx2::Simd>};
}

}  // namespace frugal::ops

#include "ops/linear/float_kernel.h"
#include "ops/linear/level_kernel.h"
#include "ops/simd/simd_avx512.h"

namespace frugal::ops {

LinearKernels linear_kernels_avx512() {
  return {multiply_rows_avx2, float_kernel<avx512::Simd>, quantize_row_avx2,
          level_kernel<avx512::Simd>};
}

}  // namespace frugal::ops

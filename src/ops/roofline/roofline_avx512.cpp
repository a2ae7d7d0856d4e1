#include "ops/roofline/roofline_loops.h"
#include "ops/simd/simd_avx512.h"

namespace frugal::ops {

RooflineKernels roofline_kernels_avx512() { return RooflineLoops<avx512::Simd>::kernels(); }

}  // namespace frugal::ops

#include "ops/roofline/roofline_loops.h"
#include "ops/simd/simd_avx2.h"

namespace frugal::ops {

RooflineKernels roofline_kernels_avx2() { return RooflineLoops<avx2::Simd>::kernels(); }

}  // namespace frugal::ops

#include "ops/vector_math_loops.h"

namespace frugal::ops {

const VectorMath& vector_math_avx2() { return kVectorMath; }

}  // namespace frugal::ops

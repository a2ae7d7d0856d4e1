#include "ops/vector_math_loops.h"

namespace frugal::ops {

const VectorMath& vector_math_avx512() { return kVectorMath; }

}  // namespace frugal::ops

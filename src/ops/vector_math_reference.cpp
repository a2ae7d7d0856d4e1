#include "ops/vector_math_loops.h"

namespace frugal::ops {

const VectorMath& vector_math_reference() { return kVectorMath; }

}  // namespace frugal::ops

#include "ops/vector_math.h"

namespace frugal::ops {

const VectorMath& vector_math(Isa isa) {
  if (isa == Isa::reference) return vector_math_reference();
  return isa == Isa::avx2 ? vector_math_avx2() : vector_math_avx512();
}

}  // namespace frugal::ops

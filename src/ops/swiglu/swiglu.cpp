#include "ops/swiglu/swiglu.h"

#include "ops/vector_math.h"

namespace frugal::ops {

void swiglu(const Context& context, ConstView gate, ConstView up, View y) {
  require(gate.size() == up.size() && gate.size() == y.size(), "swiglu: {}, {} and {} values",
          gate.size(), up.size(), y.size());
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(y.size(), 4096, [&](std::int64_t begin, std::int64_t end) {
    math.swiglu(gate.data + begin, up.data + begin, y.data + begin, end - begin);
  });
}

}  // namespace frugal::ops

#include "ops/swiglu/swiglu_backward.h"

#include "ops/vector_math.h"

namespace frugal::ops {

void swiglu_backward(const Context& context, ConstView gate, ConstView up, ConstView dy,
                     View d_gate, View d_up) {
  require(gate.size() == up.size() && gate.size() == dy.size() && gate.size() == d_gate.size() &&
              gate.size() == d_up.size(),
          "swiglu_backward: {} and {} values", gate.size(), dy.size());
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(gate.size(), 4096, [&](std::int64_t begin, std::int64_t end) {
    math.swiglu_backward(gate.data + begin, up.data + begin, dy.data + begin, d_gate.data + begin,
                         d_up.data + begin, end - begin);
  });
}

}  // namespace frugal::ops

#include "ops/swiglu/swiglu_backward.h"

#include <algorithm>

#include "ops/vector_math.h"

namespace frugal::ops {

void swiglu_backward(const Context& context, ConstView gate, ConstView up, ConstView dy,
                     const Gradient& d_gate, const Gradient& d_up) {
  require(gate.size() == up.size() && gate.size() == dy.size() &&
              gate.size() == d_gate.view.size() && gate.size() == d_up.view.size(),
          "swiglu_backward: {} and {} values", gate.size(), dy.size());
  const VectorMath& math = vector_math(context.isa);
  const bool accumulate = d_gate.accumulate || d_up.accumulate;
  context.threads.parallel_for(gate.size(), 4096, [&](std::int64_t begin, std::int64_t end) {
    for (const Gradient& gradient : {d_gate, d_up}) {
      if (gradient.accumulate == accumulate) continue;
      std::fill(gradient.view.data + begin, gradient.view.data + end, 0.0F);
    }
    math.swiglu_backward(gate.data + begin, up.data + begin, dy.data + begin,
                         d_gate.view.data + begin, d_up.view.data + begin, accumulate, end - begin);
  });
}

}  // namespace frugal::ops

#include "ops/swiglu/swiglu.h"

#include "ops/scalar_math.h"

namespace frugal::ops {

void swiglu(const Context& context, ConstView gate, ConstView up, View y) {
  require(gate.size() == up.size() && gate.size() == y.size(), "swiglu: {}, {} and {} values",
          gate.size(), up.size(), y.size());
  context.threads.parallel_for(y.size(), 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y.data[i] = silu(gate.data[i]) * up.data[i];
  });
}

}  // namespace frugal::ops

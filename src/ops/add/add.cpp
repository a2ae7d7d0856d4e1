#include "ops/add/add.h"

namespace frugal::ops {

void add(const Context& context, ConstView a, ConstView b, View y) {
  require(a.size() == b.size() && a.size() == y.size(), "add: {}, {} and {} values", a.size(),
          b.size(), y.size());
  context.threads.parallel_for(y.size(), 16384, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y.data[i] = a.data[i] + b.data[i];
  });
}

}  // namespace frugal::ops

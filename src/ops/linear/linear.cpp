#include "ops/linear/linear.h"

#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

void linear(const Context& context, ConstView x, const Weight& w, const float* bias, View y) {
  require(x.cols == w.k && y.cols == w.n && x.rows == y.rows,
          "linear: [{}, {}] times the transpose of [{}, {}] does not give [{}, {}]", x.rows, x.cols,
          w.n, w.k, y.rows, y.cols);
  const LinearKernel kernel = context.isa == Isa::reference ? linear_reference : linear_avx2;
  context.threads.parallel_for(w.n, kPanelRows, [&](std::int64_t begin, std::int64_t end) {
    kernel(x, w, bias, y, begin, end);
  });
}

}  // namespace frugal::ops

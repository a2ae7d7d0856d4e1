#include "ops/linear/linear_backward.h"

namespace frugal::ops {

void linear_backward(const Context& context, ConstView x, ConstView w, ConstView dy, View dx,
                     bool accumulate, View d_weight, View d_bias, Arena& scratch,
                     Precision precision) {
  require(x.cols == w.cols && dy.cols == w.rows && x.rows == dy.rows,
          "linear_backward: x [{}, {}], w [{}, {}] and dy [{}, {}] do not fit", x.rows, x.cols,
          w.rows, w.cols, dy.rows, dy.cols);
  LinearProducts products(context, precision, scratch);
  if (dx.data != nullptr) products.backward(dy, w, dx, accumulate);
  products.weight(dy, x, d_weight);
  products.run();
  if (d_bias.data == nullptr) return;
  context.threads.parallel_for(dy.cols, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = 0; t < dy.rows; ++t) {
      for (std::int64_t n = begin; n < end; ++n) d_bias.data[n] += dy.row(t)[n];
    }
  });
}

}  // namespace frugal::ops

#include "ops/linear/linear_backward.h"

#include <vector>

#include "ops/gemm/gemm.h"

namespace frugal::ops {

void linear_backward(const Context& context, ConstView x, ConstView w, ConstView dy, View dx,
                     bool accumulate, View d_weight, View d_bias) {
  require(x.cols == w.cols && dy.cols == w.rows && x.rows == dy.rows,
          "linear_backward: x [{}, {}], w [{}, {}] and dy [{}, {}] do not fit", x.rows, x.cols,
          w.rows, w.cols, dy.rows, dy.cols);
  std::vector<Gemm> products;
  if (dx.data != nullptr)
    products.push_back(product(factor(dy), factor(w), w.rows, dx, accumulate));
  if (d_weight.data != nullptr) {
    products.push_back(product(transpose(dy), factor(x), x.rows, d_weight, true));
  }
  gemm_batch(context, products);
  if (d_bias.data == nullptr) return;
  context.threads.parallel_for(dy.cols, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = 0; t < dy.rows; ++t) {
      for (std::int64_t n = begin; n < end; ++n) d_bias.data[n] += dy.row(t)[n];
    }
  });
}

}  // namespace frugal::ops

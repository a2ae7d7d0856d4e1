#include <cmath>
#include <vector>

#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

void linear_reference(ConstView x, const Weight& w, const float* bias, View y, std::int64_t begin,
                      std::int64_t end) {
  std::vector<float> row(static_cast<std::size_t>(w.k));
  for (std::int64_t n = begin; n < end; ++n) {
    w.decode(n, 0, row);
    for (std::int64_t t = 0; t < x.rows; ++t) {
      float sum = 0;
      for (std::int64_t k = 0; k < w.k; ++k) {
        sum = std::fmaf(x.row(t)[k], row[static_cast<std::size_t>(k)], sum);
      }
      y.row(t)[n] = bias == nullptr ? sum : sum + bias[n];
    }
  }
}

}  // namespace frugal::ops

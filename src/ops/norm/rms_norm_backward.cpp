#include "ops/norm/rms_norm_backward.h"

#include "ops/vector_math.h"

namespace frugal::ops {

void rms_norm_backward(const Context& context, ConstView x, std::span<const float> weight,
                       float eps, ConstView dy, const Gradient& dx, View d_weight) {
  const auto width = static_cast<std::int64_t>(weight.size());
  const bool fits = width > 0 && x.cols % width == 0 && x.size() == dy.size() &&
                    x.size() == dx.view.size() &&
                    (d_weight.data == nullptr || d_weight.size() == width);
  require(fits, "rms_norm_backward: weight [{}] does not fit x [{}, {}]", width, x.rows, x.cols);
  const VectorMath& math = vector_math(context.isa);
  // The sum over rows has a fixed shape, whatever the number of threads: partial sums of 64 groups.
  constexpr std::int64_t kGroups = 64;
  const std::int64_t groups = x.size() / width;
  const Tensor partial(d_weight.data == nullptr ? 0 : (groups + kGroups - 1) / kGroups, width);
  context.threads.parallel_for(groups, kGroups, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      math.rms_norm_backward(x.data + i * width, weight.data(), dy.data + i * width, eps,
                             dx.view.data + i * width, dx.accumulate,
                             d_weight.data == nullptr ? nullptr : partial.row(i / kGroups), width);
    }
  });
  for (std::int64_t i = 0; i < partial.rows(); ++i) {
    math.axpy(1.0F, partial.row(i), d_weight.data, width);
  }
}

}  // namespace frugal::ops

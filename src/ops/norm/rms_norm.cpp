#include "ops/norm/rms_norm.h"

#include "ops/vector_math.h"

namespace frugal::ops {

void rms_norm(const Context& context, ConstView x, std::span<const float> weight, float eps,
              View y) {
  const auto width = static_cast<std::int64_t>(weight.size());
  require(width > 0 && x.cols % width == 0 && x.rows == y.rows && x.cols == y.cols,
          "rms_norm: weight [{}] does not fit [{}, {}] -> [{}, {}]", width, x.rows, x.cols, y.rows,
          y.cols);
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(x.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * x.cols; i < end * x.cols; i += width) {
      math.rms_norm(x.data + i, weight.data(), eps, y.data + i, width);
    }
  });
}

}  // namespace frugal::ops

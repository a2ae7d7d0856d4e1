#include "ops/norm/rms_norm.h"

#include <cmath>

#include "ops/scalar_math.h"

namespace frugal::ops {

void rms_norm(const Context& context, ConstView x, std::span<const float> weight, float eps,
              View y) {
  const auto width = static_cast<std::int64_t>(weight.size());
  require(width > 0 && x.cols % width == 0 && x.rows == y.rows && x.cols == y.cols,
          "rms_norm: weight [{}] does not fit [{}, {}] -> [{}, {}]", width, x.rows, x.cols, y.rows,
          y.cols);
  context.threads.parallel_for(x.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * x.cols; i < end * x.cols; i += width) {
      const float* in = x.data + i;
      float* out = y.data + i;
      const float mean = dot(in, in, width) / static_cast<float>(width);
      const float scale = 1.0F / std::sqrt(mean + eps);
      for (std::int64_t d = 0; d < width; ++d) {
        out[d] = in[d] * scale * weight[static_cast<std::size_t>(d)];
      }
    }
  });
}

}  // namespace frugal::ops

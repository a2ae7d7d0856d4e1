#include "ops/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <vector>

#include "ops/cross_entropy/head_chunks.h"
#include "ops/vector_math.h"

namespace frugal::ops {

void cross_entropy(const Context& context, ConstView hidden, ConstView head,
                   std::span<const std::int32_t> targets, const LossSlope& slope,
                   std::span<float> log_probabilities, View d_hidden, View d_head, Arena& scratch) {
  require(hidden.cols == head.cols && static_cast<std::int64_t>(targets.size()) == hidden.rows &&
              log_probabilities.size() == targets.size(),
          "cross_entropy: {} targets for hidden [{}, {}] and head [{}, {}]", targets.size(),
          hidden.rows, hidden.cols, head.rows, head.cols);
  const VectorMath& math = vector_math(context.isa);
  std::ranges::fill(log_probabilities, 0.0F);
  const auto visit = [&](std::span<const std::int64_t> rows, View z) {
    context.threads.parallel_for(z.rows, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = rows[static_cast<std::size_t>(i)];
        const std::int32_t target = targets[static_cast<std::size_t>(row)];
        const float logit = z.row(i)[target];
        const float log_probability = logit - math.softmax(1.0F, z.row(i), z.cols);
        log_probabilities[static_cast<std::size_t>(row)] = log_probability;
        if (!slope) continue;
        const float s = slope(row, log_probability);
        for (std::int64_t v = 0; v < z.cols; ++v) z.row(i)[v] *= -s;
        z.row(i)[target] += s;
      }
    });
  };
  for_each_chunk(context, {hidden, head, d_hidden, d_head}, learned_rows(targets, head.rows),
                 static_cast<bool>(slope), visit, scratch);
}

}  // namespace frugal::ops

#include "ops/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "ops/gemm/gemm.h"
#include "ops/vector_math.h"

namespace frugal::ops {

namespace {

// Logits in memory at a time: 16 MiB, but never so few rows that the products become slow.
constexpr std::int64_t kChunkLogits = 4 << 20;
constexpr std::int64_t kFewestRows = 96;

std::vector<std::int64_t> learned_rows(std::span<const std::int32_t> targets, std::int64_t vocab) {
  std::vector<std::int64_t> rows;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (targets[t] == kIgnored) continue;
    require(targets[t] >= 0 && targets[t] < vocab, "target {} is outside the vocabulary of {}",
            targets[t], vocab);
    rows.push_back(static_cast<std::int64_t>(t));
  }
  return rows;
}

}  // namespace

void cross_entropy(const Context& context, ConstView hidden, ConstView head,
                   std::span<const std::int32_t> targets, const LossSlope& slope,
                   std::span<float> log_probabilities, View d_hidden, View d_head, Arena& scratch) {
  require(hidden.cols == head.cols && static_cast<std::int64_t>(targets.size()) == hidden.rows &&
              log_probabilities.size() == targets.size(),
          "cross_entropy: {} targets for hidden [{}, {}] and head [{}, {}]", targets.size(),
          hidden.rows, hidden.cols, head.rows, head.cols);
  const VectorMath& math = vector_math(context.isa);
  const std::vector<std::int64_t> rows = learned_rows(targets, head.rows);
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t chunk = std::min(count, std::max(kFewestRows, kChunkLogits / head.rows));
  const Arena::Mark mark = scratch.mark();
  const View logits = scratch.matrix(chunk, head.rows);  // then their gradients
  const View inputs = scratch.matrix(chunk, hidden.cols);
  const View d_inputs = scratch.matrix(chunk, hidden.cols);
  std::ranges::fill(log_probabilities, 0.0F);
  for (std::int64_t first = 0; first < count; first += chunk) {
    const std::int64_t size = std::min(chunk, count - first);
    const View x = {inputs.data, size, inputs.cols};
    const View z = {logits.data, size, logits.cols};
    const View dx = {d_inputs.data, size, d_inputs.cols};
    const auto row_bytes = static_cast<std::size_t>(hidden.cols) * sizeof(float);
    for (std::int64_t i = 0; i < size; ++i) {
      std::memcpy(x.row(i), hidden.row(rows[static_cast<std::size_t>(first + i)]), row_bytes);
    }
    gemm(context, product(factor(x), transpose(head), x.cols, z, false));
    context.threads.parallel_for(size, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = rows[static_cast<std::size_t>(first + i)];
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
    if (!slope) continue;
    if (d_head.data != nullptr) {
      gemm(context, product(transpose(z), factor(x), size, d_head, true));
    }
    if (d_hidden.data == nullptr) continue;
    gemm(context, product(factor(z), factor(head), z.cols, dx, false));
    for (std::int64_t i = 0; i < size; ++i) {
      math.axpy(1.0F, dx.row(i), d_hidden.row(rows[static_cast<std::size_t>(first + i)]), dx.cols);
    }
  }
  scratch.release(mark);
}

}  // namespace frugal::ops

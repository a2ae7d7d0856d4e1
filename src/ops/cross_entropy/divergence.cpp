#include "ops/cross_entropy/divergence.h"

#include <algorithm>
#include <vector>

#include "ops/cross_entropy/head_chunks.h"
#include "ops/linear/linear.h"
#include "ops/vector_math.h"

namespace frugal::ops {

namespace {

// Of logits t [shared] of the teacher and z [vocab] of the student, each at least as long as
// `difference` [shared]. t becomes q, and z the gradient slope * (p - q).
float turn_row(const VectorMath& math, float slope, std::span<float> t, std::span<float> z,
               std::span<float> difference) {
  const auto shared = std::ssize(difference);
  const auto vocab = std::ssize(z);
  for (std::size_t v = 0; v < difference.size(); ++v) difference[v] = t[v] - z[v];
  const float log_q = math.softmax(1.0F, t.data(), shared);
  const float log_p = math.softmax(1.0F, z.data(), vocab);
  for (float& value : z) value *= slope;
  math.axpy(-slope, t.data(), z.data(), shared);
  return math.dot(t.data(), difference.data(), shared) - log_q + log_p;
}

}  // namespace

void divergence(const Context& context, ConstView hidden, ConstView head,
                std::span<const std::int32_t> targets, const TeacherRows& teacher, float slope,
                std::span<float> divergences, View d_hidden, View d_head, Arena& scratch) {
  require(hidden.cols == head.cols && teacher.hidden.cols == teacher.head.k &&
              teacher.hidden.rows == hidden.rows && std::ssize(targets) == hidden.rows &&
              divergences.size() == targets.size(),
          "divergence: {} targets for hidden [{}, {}] and head [{}, {}], and of the teacher [{}, "
          "{}] and [{}, {}]",
          targets.size(), hidden.rows, hidden.cols, head.rows, head.cols, teacher.hidden.rows,
          teacher.hidden.cols, teacher.head.n, teacher.head.k);
  const VectorMath& math = vector_math(context.isa);
  const std::int64_t shared = std::min(head.rows, teacher.head.n);
  std::ranges::fill(divergences, 0.0F);
  const auto visit = [&](std::span<const std::int64_t> rows, View z) {
    const Arena::Mark mark = scratch.mark();
    const View x = scratch.matrix(z.rows, teacher.hidden.cols);
    const View t = scratch.matrix(z.rows, teacher.head.n);
    const View difference = scratch.matrix(z.rows, shared);
    gather_rows(teacher.hidden, rows, x);
    linear(context, x, teacher.head, nullptr, t);
    context.threads.parallel_for(z.rows, 1, [&](std::int64_t begin, std::int64_t end) {
      const auto row = [](View matrix, std::int64_t i) {
        return std::span(matrix.row(i), static_cast<std::size_t>(matrix.cols));
      };
      for (std::int64_t i = begin; i < end; ++i) {
        const auto at = static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]);
        divergences[at] = turn_row(math, slope, row(t, i), row(z, i), row(difference, i));
      }
    });
    scratch.release(mark);
  };
  for_each_chunk(context, {hidden, head, d_hidden, d_head}, learned_rows(targets, head.rows),
                 slope != 0, visit, scratch);
}

}  // namespace frugal::ops

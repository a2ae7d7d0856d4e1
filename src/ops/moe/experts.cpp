#include "ops/moe/experts.h"

#include <algorithm>

#include "ops/linear/linear.h"
#include "ops/moe/expert_order.h"
#include "ops/swiglu/swiglu.h"
#include "ops/vector_math.h"

namespace frugal::ops {

namespace {

// Rows of a [places, d] matrix that belong to expert e.
View rows_of(const ExpertOrder& order, std::size_t e, View matrix) {
  return {matrix.row(order.begin[e]), order.begin[e + 1] - order.begin[e], matrix.cols};
}

}  // namespace

void moe_experts(const Context& context, const Routing& routing,
                 std::span<const ExpertWeights> experts, ConstView x, View out, Arena& scratch) {
  const std::int64_t k = routing.per_row;
  require(static_cast<std::int64_t>(routing.experts.size()) == x.rows * k && x.rows == out.rows &&
              x.cols == out.cols && !experts.empty(),
          "moe_experts: {} choices for {} rows of {}", routing.experts.size(), x.rows, k);
  const ExpertOrder order = order_by_expert(routing, experts.size());
  const auto places = static_cast<std::int64_t>(order.choices.size());
  const std::int64_t width = experts.front().gate->n;
  const Arena::Mark mark = scratch.mark();
  const View gate = scratch.matrix(places, width);  // [places, moe_intermediate_size]
  const View up = scratch.matrix(places, width);
  const View results = scratch.matrix(places, x.cols);
  std::vector<std::int64_t> rows;  // [places], of x
  for (const std::int64_t choice : order.choices) rows.push_back(choice / k);
  std::vector<Product> in;
  std::vector<Product> down;
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const View of_expert = rows_of(order, e, results);
    if (of_expert.rows == 0) continue;
    const auto chosen = std::span(rows).subspan(static_cast<std::size_t>(order.begin[e]),
                                                static_cast<std::size_t>(of_expert.rows));
    in.push_back({x, experts[e].gate, nullptr, rows_of(order, e, gate), chosen});
    in.push_back({x, experts[e].up, nullptr, rows_of(order, e, up), chosen});
    down.push_back({rows_of(order, e, gate), experts[e].down, nullptr, of_expert});
  }
  linear_batch(context, in, scratch);
  swiglu(context, gate, up, gate);
  linear_batch(context, down, scratch);
  const VectorMath& math = vector_math(context.isa);
  context.threads.parallel_for(x.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      std::fill_n(out.row(t), out.cols, 0.0F);
      for (std::int64_t i = t * k; i < (t + 1) * k; ++i) {
        const std::int64_t place = order.places[static_cast<std::size_t>(i)];
        math.axpy(routing.weights[static_cast<std::size_t>(i)], results.row(place), out.row(t),
                  x.cols);
      }
    }
  });
  scratch.release(mark);
}

}  // namespace frugal::ops

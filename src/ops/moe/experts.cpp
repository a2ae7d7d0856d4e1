#include "ops/moe/experts.h"

#include <algorithm>
#include <cstring>

#include "ops/linear/linear.h"
#include "ops/moe/expert_order.h"
#include "ops/swiglu/swiglu.h"
#include "ops/vector_math.h"

namespace frugal::ops {

namespace {

// Rows of a [places, d] matrix that belong to expert e.
View rows_of(const ExpertOrder& order, std::size_t e, const Tensor& matrix) {
  return {matrix.row(order.begin[e]), order.begin[e + 1] - order.begin[e], matrix.cols()};
}

}  // namespace

void moe_experts(const Context& context, const Routing& routing,
                 std::span<const ExpertWeights> experts, ConstView x, View out) {
  const std::int64_t k = routing.per_row;
  require(static_cast<std::int64_t>(routing.experts.size()) == x.rows * k && x.rows == out.rows &&
              x.cols == out.cols && !experts.empty(),
          "moe_experts: {} choices for {} rows of {}", routing.experts.size(), x.rows, k);
  const ExpertOrder order = order_by_expert(routing, experts.size());
  const auto places = static_cast<std::int64_t>(order.choices.size());
  const std::int64_t width = experts.front().gate->n;
  // One row has one x for all of its experts; otherwise each expert's rows are brought together.
  const Tensor gathered(x.rows == 1 ? 0 : places, x.cols);  // [places, d]
  const Tensor gate(places, width);                         // [places, moe_intermediate_size]
  const Tensor up(places, width);
  const Tensor results(places, x.cols);
  context.threads.parallel_for(gathered.rows(), 32, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = order.choices[static_cast<std::size_t>(i)] / k;
      std::memcpy(gathered.row(i), x.row(row), static_cast<std::size_t>(x.cols) * sizeof(float));
    }
  });
  std::vector<Product> in;
  std::vector<Product> down;
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const View rows = rows_of(order, e, results);
    if (rows.rows == 0) continue;
    const ConstView input = x.rows == 1 ? x : rows_of(order, e, gathered);
    in.push_back({input, experts[e].gate, nullptr, rows_of(order, e, gate)});
    in.push_back({input, experts[e].up, nullptr, rows_of(order, e, up)});
    down.push_back({rows_of(order, e, gate), experts[e].down, nullptr, rows});
  }
  linear_batch(context, in);
  swiglu(context, gate.view(), up.view(), gate.view());
  linear_batch(context, down);
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
}

}  // namespace frugal::ops

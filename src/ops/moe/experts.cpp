#include "ops/moe/experts.h"

#include <algorithm>
#include <cstring>

#include "ops/linear/linear.h"
#include "ops/scalar_math.h"
#include "ops/swiglu/swiglu.h"

namespace frugal::ops {

void moe_experts(const Context& context, const Routing& routing,
                 std::span<const ExpertWeights> experts, ConstView x, View out) {
  const std::int64_t k = routing.per_row;
  require(static_cast<std::int64_t>(routing.experts.size()) == x.rows * k && x.rows == out.rows &&
              x.cols == out.cols && !experts.empty(),
          "moe_experts: {} choices for {} rows of {}", routing.experts.size(), x.rows, k);
  std::vector<std::vector<std::int64_t>> choices(
      experts.size());  // per expert: indices into routing
  for (std::size_t i = 0; i < routing.experts.size(); ++i) {
    choices[static_cast<std::size_t>(routing.experts[i])].push_back(static_cast<std::int64_t>(i));
  }
  const auto most = static_cast<std::int64_t>(
      std::ranges::max_element(choices, {}, [](const auto& rows) { return rows.size(); })->size());
  const std::int64_t width = experts.front().gate->n;
  const Tensor gathered(most, x.cols);  // [rows of one expert, d]
  const Tensor gate(most, width);       // [rows of one expert, moe_intermediate_size]
  const Tensor up(most, width);
  const Tensor result(most, x.cols);
  std::fill_n(out.data, out.size(), 0.0F);
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const auto rows = static_cast<std::int64_t>(choices[e].size());
    if (rows == 0) continue;
    for (std::int64_t i = 0; i < rows; ++i) {
      std::memcpy(gathered.row(i), x.row(choices[e][static_cast<std::size_t>(i)] / k),
                  static_cast<std::size_t>(x.cols) * sizeof(float));
    }
    const ConstView input{gathered.data(), rows, x.cols};
    const View gate_rows{gate.data(), rows, width};
    const View up_rows{up.data(), rows, width};
    const View result_rows{result.data(), rows, x.cols};
    linear(context, input, *experts[e].gate, nullptr, gate_rows);
    linear(context, input, *experts[e].up, nullptr, up_rows);
    swiglu(context, gate_rows, up_rows, gate_rows);
    linear(context, gate_rows, *experts[e].down, nullptr, result_rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t choice = choices[e][static_cast<std::size_t>(i)];
      axpy(routing.weights[static_cast<std::size_t>(choice)], result_rows.row(i),
           out.row(choice / k), x.cols);
    }
  }
}

}  // namespace frugal::ops

#include "ops/moe/expert_order.h"

namespace frugal::ops {

ExpertOrder order_by_expert(const Routing& routing, std::size_t n_experts) {
  ExpertOrder order;
  order.begin.assign(n_experts + 1, 0);
  for (const std::int32_t e : routing.experts) ++order.begin[static_cast<std::size_t>(e) + 1];
  for (std::size_t e = 0; e < n_experts; ++e) order.begin[e + 1] += order.begin[e];
  order.choices.resize(routing.experts.size());
  order.places.resize(routing.experts.size());
  std::vector<std::int64_t> next(order.begin.begin(), order.begin.end() - 1);
  for (std::size_t i = 0; i < routing.experts.size(); ++i) {
    const std::int64_t place = next[static_cast<std::size_t>(routing.experts[i])]++;
    order.choices[static_cast<std::size_t>(place)] = static_cast<std::int64_t>(i);
    order.places[i] = place;
  }
  return order;
}

}  // namespace frugal::ops

// The choices of a router, grouped by expert.
#pragma once

#include <vector>

#include "ops/moe/router.h"

namespace frugal::ops {

/// The choices of a Routing, sorted by expert, then by row: expert e has places [begin[e],
/// begin[e + 1]).
struct ExpertOrder {
  std::vector<std::int64_t> begin;    // [n_experts + 1]
  std::vector<std::int64_t> choices;  // [T * k]: the index into the routing at each place
  std::vector<std::int64_t> places;   // [T * k]: the place of each index into the routing
};

ExpertOrder order_by_expert(const Routing& routing, std::size_t n_experts);

}  // namespace frugal::ops

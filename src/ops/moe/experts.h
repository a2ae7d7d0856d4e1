// The experts of a mixture: each runs on the rows routed to it, none is dropped.
#pragma once

#include "ops/moe/router.h"
#include "ops/weight.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// One expert's feed-forward layer: down(silu(gate(x)) * up(x)).
struct ExpertWeights {
  const Weight* gate;  // [moe_intermediate_size, d]
  const Weight* up;    // [moe_intermediate_size, d]
  const Weight* down;  // [d, moe_intermediate_size]
};

/// out[t] = sum over the chosen experts e of row t, ascending, of weight * expert_e(x[t]); x and
/// out [T, d].
void moe_experts(const Context& context, const Routing& routing,
                 std::span<const ExpertWeights> experts, ConstView x, View out, Arena& scratch);

}  // namespace frugal::ops

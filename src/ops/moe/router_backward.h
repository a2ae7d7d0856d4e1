// The gradient of route(), and the loss that keeps experts evenly used.
#pragma once

#include "ops/layout.h"
#include "ops/moe/router.h"

namespace frugal::ops {

/// d_weights [T, num_experts_per_tok] are the gradients of routing.weights. Adds to d_logits [T,
/// n_routed_experts]. The choice itself has no gradient, so the bias gets none.
void route_backward(const Context& context, const RouterConfig& config, ConstView logits,
                    const Routing& routing, ConstView d_weights, View d_logits);

/// The sequence-wise balance loss (DeepSeek-V3 report, equations 17 to 20): for each segment,
/// `weight` times the sum over experts of how often an expert's unbiased score is among the best
/// num_experts_per_tok (1 when even), times the mean of its share of the scores. Returns the sum
/// over segments and adds its gradient to d_logits.
double balance_loss(const Context& context, const RouterConfig& config,
                    const SequenceLayout& layout, ConstView logits, float weight, View d_logits);

}  // namespace frugal::ops

// The experts of a mixture in training: a forward that keeps what the gradients need, and these.
#pragma once

#include "ops/gradient.h"
#include "ops/linear/linear_products.h"
#include "ops/moe/expert_order.h"
#include "ops/moe/experts.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// As moe_experts(), bit for bit in float32; gate and up [T * k, moe_intermediate_size], in the
/// order of places, keep the activations.
void moe_experts_keeping(const Context& context, const Routing& routing, const ExpertOrder& order,
                         std::span<const ExpertWeights> experts, ConstView x, View gate, View up,
                         View out, Arena& scratch, Precision precision = Precision::f32);

/// Where an expert's gradients are added, shaped as its weights; all three empty when it is not
/// trained.
struct ExpertGradients {
  View gate, up, down;
};

/// dx [T, d]; adds to the experts' gradients, and writes d_weights [T, k], the gradients of
/// routing.weights.
void moe_experts_backward(const Context& context, const Routing& routing, const ExpertOrder& order,
                          std::span<const ExpertWeights> experts, ConstView x, ConstView gate,
                          ConstView up, ConstView d_out, const Gradient& dx, View d_weights,
                          std::span<const ExpertGradients> gradients, Arena& scratch,
                          Precision precision = Precision::f32);

}  // namespace frugal::ops

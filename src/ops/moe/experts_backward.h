// The experts of a mixture in training: a forward that keeps what the gradients need, and these.
#pragma once

#include "ops/moe/experts.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// The choices of a Routing, sorted by expert, then by row: expert e has places [begin[e],
/// begin[e + 1]).
struct ExpertOrder {
  std::vector<std::int64_t> begin;    // [n_experts + 1]
  std::vector<std::int64_t> choices;  // [T * k]: the index into the routing at each place
  std::vector<std::int64_t> places;   // [T * k]: the place of each index into the routing
};

ExpertOrder order_by_expert(const Routing& routing, std::size_t n_experts);

/// As moe_experts(), bit for bit; gate and up [T * k, moe_intermediate_size], in the order of
/// places, keep the activations.
void moe_experts_keeping(const Context& context, const Routing& routing, const ExpertOrder& order,
                         std::span<const ExpertWeights> experts, ConstView x, View gate, View up,
                         View out, Arena& scratch);

/// Where an expert's gradients are added, shaped as its weights; all three empty when it is not
/// trained.
struct ExpertGradients {
  View gate, up, down;
};

/// Adds to dx [T, d] and the experts' gradients, and writes d_weights [T, k], the gradients of
/// routing.weights.
void moe_experts_backward(const Context& context, const Routing& routing, const ExpertOrder& order,
                          std::span<const ExpertWeights> experts, ConstView x, ConstView gate,
                          ConstView up, ConstView d_out, View dx, View d_weights,
                          std::span<const ExpertGradients> gradients, Arena& scratch);

}  // namespace frugal::ops

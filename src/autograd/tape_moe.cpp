// The mixture of experts on the tape.
#include <vector>

#include "autograd/tape.h"
#include "ops/moe/router_backward.h"

namespace frugal::autograd {

namespace {

std::vector<ops::ExpertWeights> weights_of(std::span<const Expert> experts) {
  std::vector<ops::ExpertWeights> weights;
  weights.reserve(experts.size());
  for (const Expert& expert : experts) {
    weights.push_back({&expert.gate->weight, &expert.up->weight, &expert.down->weight});
  }
  return weights;
}

std::vector<ops::ExpertGradients> gradients_of(std::span<const Expert> experts) {
  std::vector<ops::ExpertGradients> gradients;
  gradients.reserve(experts.size());
  for (const Expert& expert : experts) {
    gradients.push_back({expert.gate->gradient, expert.up->gradient, expert.down->gradient});
  }
  return gradients;
}

std::vector<std::int64_t> load_of(const ops::ExpertOrder& order) {
  std::vector<std::int64_t> rows;
  for (std::size_t e = 0; e + 1 < order.begin.size(); ++e) {
    rows.push_back(order.begin[e + 1] - order.begin[e]);
  }
  return rows;
}

}  // namespace

View Tape::moe(const ops::RouterConfig& config, ConstView x, const Parameter& router,
               const Parameter& bias, std::span<const Expert> experts,
               const ops::SequenceLayout& layout) {
  const Parameter no_bias;
  const View logits = project_in(ops::Precision::f32, x, {{router, no_bias}}).front();
  ops::Routing routing =
      ops::route(context_, config, logits, bias.empty() ? std::span<const float>() : bias.vector());
  if (recording_ != nullptr) {
    return recorded_moe(config, x, logits, std::move(routing), bias, experts, layout);
  }
  const View out = arena_.matrix(x.rows, x.cols);
  if (precision_ == ops::Precision::f32) {
    ops::moe_experts(context_, routing, weights_of(experts), x, out, arena_);
  } else {
    experts_forward(routing, ops::order_by_expert(routing, experts.size()), experts, x, out);
  }
  return out;
}

Tape::Kept Tape::experts_forward(const ops::Routing& routing, const ops::ExpertOrder& order,
                                 std::span<const Expert> experts, ConstView x, View out) {
  const auto places = static_cast<std::int64_t>(order.choices.size());
  const std::int64_t width = experts.front().gate->weight.n;
  const Kept kept = {arena_.matrix(places, width), arena_.matrix(places, width)};
  ops::moe_experts_keeping(context_, routing, order, weights_of(experts), x, kept.gate, kept.up,
                           out, arena_, precision_);
  return kept;
}

View Tape::recorded_moe(const ops::RouterConfig& config, ConstView x, ConstView logits,
                        ops::Routing routing, const Parameter& bias,
                        std::span<const Expert> experts, const ops::SequenceLayout& layout) {
  ops::ExpertOrder order = ops::order_by_expert(routing, experts.size());
  const View out = arena_.matrix(x.rows, x.cols);
  const auto [gate, up] = experts_forward(routing, order, experts, x, out);
  recording_->add([=, this, r = recording_, gate = gate, up = up, &bias, &layout,
                   routing = std::move(routing), order = std::move(order),
                   weights = weights_of(experts), gradients = gradients_of(experts)] {
    r->loads.push_back({&bias, load_of(order)});
    const View d_logits = r->gradient(logits);
    if (r->options().balance_weight != 0) {
      r->balance_loss += ops::balance_loss(context_, config, layout, logits,
                                           r->options().balance_weight, d_logits);
    }
    const ConstView d_out = r->take(out);
    if (d_out.data == nullptr) return;
    const ops::Gradient dx = r->target(x);
    const Arena::Mark mark = r->scratch().mark();
    const View d_weights = r->scratch().matrix(x.rows, routing.per_row);
    ops::moe_experts_backward(context_, routing, order, weights, x, gate, up, d_out, dx, d_weights,
                              gradients, r->scratch(), precision_);
    ops::route_backward(context_, config, logits, routing, d_weights, d_logits);
    r->scratch().release(mark);
  });
  return out;
}

}  // namespace frugal::autograd

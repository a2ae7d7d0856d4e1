// Which experts a token goes to (DeepSeek-V3 report, section 2.1.2; DeepSeek-V2, section 2.2).
#pragma once

#include <span>
#include <vector>

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

enum class RouterScore { softmax, sigmoid };
/// How a group of experts is scored when only the best groups are kept.
enum class GroupScore { max, sum_of_top_two };

struct RouterConfig {
  std::int64_t n_routed_experts = 0;
  std::int64_t num_experts_per_tok = 0;
  std::int64_t n_group = 1;
  std::int64_t topk_group = 1;
  RouterScore scoring = RouterScore::softmax;
  GroupScore group_score = GroupScore::max;
  bool norm_topk_prob = false;      // weights divided by their sum
  float routed_scaling_factor = 1;  // on the weights
};

/// The chosen experts of each row, ascending, and their weights.
struct Routing {
  std::vector<std::int32_t> experts;  // [T, num_experts_per_tok]
  std::vector<float> weights;         // [T, num_experts_per_tok]
  std::int64_t per_row = 0;           // num_experts_per_tok
};

/// The scores of one row of logits, both [n_routed_experts].
void router_scores(RouterScore scoring, const float* logits, std::span<float> scores);

/// logits [T, n_routed_experts]; bias [n_routed_experts] or empty. The bias decides who is chosen
/// and never enters the weights. Of equal scores the lower index wins. Throws Error on a NaN.
Routing route(const Context& context, const RouterConfig& config, ConstView logits,
              std::span<const float> bias);

}  // namespace frugal::ops

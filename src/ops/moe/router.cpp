#include "ops/moe/router.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/scalar_math.h"

namespace frugal::ops {

namespace {

// Buffers of one thread, reused from row to row.
struct Scratch {
  std::vector<float> scores;        // [n_routed_experts]
  std::vector<float> biased;        // [n_routed_experts]
  std::vector<float> group_scores;  // [n_group]
  std::vector<std::int32_t> order;  // candidates, best first
};

// Puts the indices of the `count` largest scores first in `order`, ties to the lower index.
void best_first(std::span<const float> scores, std::vector<std::int32_t>& order,
                std::int64_t count) {
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      const float x = scores[static_cast<std::size_t>(a)];
                      const float y = scores[static_cast<std::size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
}

float group_score(GroupScore how, std::span<const float> group) {
  float best = -HUGE_VALF;
  float second = -HUGE_VALF;
  for (const float score : group) {
    if (score > best) {
      second = best;
      best = score;
    } else {
      second = std::max(second, score);
    }
  }
  return how == GroupScore::max ? best : best + second;
}

// Takes every expert outside the best groups out of the running.
void keep_best_groups(const RouterConfig& config, Scratch& s) {
  const auto size = static_cast<std::size_t>(config.n_routed_experts / config.n_group);
  s.group_scores.resize(static_cast<std::size_t>(config.n_group));
  s.order.resize(s.group_scores.size());
  for (std::size_t g = 0; g < s.group_scores.size(); ++g) {
    s.group_scores[g] =
        group_score(config.group_score, std::span(s.biased).subspan(g * size, size));
  }
  std::iota(s.order.begin(), s.order.end(), 0);
  best_first(s.group_scores, s.order, config.topk_group);
  for (auto g = static_cast<std::size_t>(config.topk_group); g < s.order.size(); ++g) {
    std::fill_n(s.biased.begin() + static_cast<std::ptrdiff_t>(size) * s.order[g], size,
                -HUGE_VALF);
  }
}

void route_row(const RouterConfig& config, const float* logits, std::span<const float> bias,
               Scratch& s, std::int32_t* experts, float* weights) {
  const auto n = static_cast<std::size_t>(config.n_routed_experts);
  const std::int64_t k = config.num_experts_per_tok;
  for (std::size_t e = 0; e < n; ++e) {
    require(!std::isnan(logits[e]), "the router's logit of expert {} is not a number", e);
  }
  s.scores.resize(n);
  router_scores(config.scoring, logits, s.scores);
  s.biased = s.scores;
  for (std::size_t e = 0; e < bias.size(); ++e) s.biased[e] += bias[e];
  if (config.n_group > 1) keep_best_groups(config, s);
  s.order.resize(n);
  std::iota(s.order.begin(), s.order.end(), 0);
  best_first(s.biased, s.order, k);
  std::sort(s.order.begin(), s.order.begin() + k);
  float sum = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    experts[i] = s.order[static_cast<std::size_t>(i)];
    weights[i] = s.scores[static_cast<std::size_t>(experts[i])];
    sum += weights[i];
  }
  const float factor = config.routed_scaling_factor / (config.norm_topk_prob ? sum + 1e-20F : 1.0F);
  for (std::int64_t i = 0; i < k; ++i) weights[i] *= factor;
}

}  // namespace

void router_scores(RouterScore scoring, const float* logits, std::span<float> scores) {
  const std::size_t n = scores.size();
  if (scoring == RouterScore::sigmoid) {
    for (std::size_t e = 0; e < n; ++e) scores[e] = sigmoid(logits[e]);
    return;
  }
  const float max = *std::max_element(logits, logits + n);
  float sum = 0;
  for (std::size_t e = 0; e < n; ++e) {
    scores[e] = exp_float(logits[e] - max);
    sum += scores[e];
  }
  for (float& score : scores) score /= sum;
}

Routing route(const Context& context, const RouterConfig& config, ConstView logits,
              std::span<const float> bias) {
  const std::int64_t k = config.num_experts_per_tok;
  require(logits.cols == config.n_routed_experts &&
              (bias.empty() || static_cast<std::int64_t>(bias.size()) == logits.cols),
          "route: logits [{}, {}] and bias [{}] do not fit {} experts", logits.rows, logits.cols,
          bias.size(), config.n_routed_experts);
  require(config.n_group >= 1 && config.n_routed_experts % config.n_group == 0 &&
              config.topk_group >= 1 && config.topk_group <= config.n_group && k >= 1 &&
              k <= config.n_routed_experts / config.n_group * config.topk_group,
          "route: {} of {} experts in {} of {} groups cannot be chosen", k, config.n_routed_experts,
          config.topk_group, config.n_group);
  Routing routing;
  routing.per_row = k;
  routing.experts.resize(static_cast<std::size_t>(logits.rows * k));
  routing.weights.resize(routing.experts.size());
  context.threads.parallel_for(logits.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    Scratch scratch;
    for (std::int64_t t = begin; t < end; ++t) {
      route_row(config, logits.row(t), bias, scratch,
                &routing.experts[static_cast<std::size_t>(t * k)],
                &routing.weights[static_cast<std::size_t>(t * k)]);
    }
  });
  return routing;
}

}  // namespace frugal::ops

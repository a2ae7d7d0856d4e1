#include "ops/moe/router_backward.h"

#include <algorithm>
#include <numeric>

#include "ops/scalar_math.h"

namespace frugal::ops {

namespace {

// Adds the gradients of logits, given those of scores.
void through_scores(RouterScore scoring, std::span<const float> scores,
                    std::span<const float> d_scores, float* d_logits) {
  if (scoring == RouterScore::sigmoid) {
    for (std::size_t e = 0; e < scores.size(); ++e) {
      d_logits[e] += d_scores[e] * scores[e] * (1.0F - scores[e]);
    }
    return;
  }
  float mean = 0;
  for (std::size_t e = 0; e < scores.size(); ++e) mean += scores[e] * d_scores[e];
  for (std::size_t e = 0; e < scores.size(); ++e) {
    d_logits[e] += scores[e] * (d_scores[e] - mean);
  }
}

// Counts, for each expert, the rows where it is among the best `k` scores; shares [E] gets the sum
// over rows of each score's share.
void count_best(std::span<const float> scores, std::int64_t k, std::vector<std::int32_t>& order,
                std::vector<float>& counts, std::vector<float>& shares) {
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + k, order.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      const float x = scores[static_cast<std::size_t>(a)];
                      const float y = scores[static_cast<std::size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  for (std::int64_t i = 0; i < k; ++i) {
    counts[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] += 1.0F;
  }
  const float sum = std::accumulate(scores.begin(), scores.end(), 0.0F);
  for (std::size_t e = 0; e < scores.size(); ++e) shares[e] += scores[e] / sum;
}

double segment_loss(const RouterConfig& config, const Segment& segment, ConstView logits,
                    float weight, View d_logits) {
  const auto n = static_cast<std::size_t>(config.n_routed_experts);
  const std::int64_t k = config.num_experts_per_tok;
  const auto rows = static_cast<float>(segment.rows);
  std::vector<float> scores(n);
  std::vector<float> frequency(n);  // 1 for every expert when all are used equally
  std::vector<float> shares(n);
  std::vector<std::int32_t> order(n);
  for (std::int64_t t = segment.row; t < segment.row + segment.rows; ++t) {
    router_scores(config.scoring, logits.row(t), scores);
    count_best(scores, k, order, frequency, shares);
  }
  double loss = 0;
  for (std::size_t e = 0; e < n; ++e) {
    frequency[e] *= static_cast<float>(n) / (static_cast<float>(k) * rows);
    loss += static_cast<double>(frequency[e]) * shares[e] / rows;
  }
  std::vector<float> d_scores(n);
  for (std::int64_t t = segment.row; t < segment.row + segment.rows; ++t) {
    router_scores(config.scoring, logits.row(t), scores);
    const float sum = std::accumulate(scores.begin(), scores.end(), 0.0F);
    float mean = 0;
    for (std::size_t e = 0; e < n; ++e) mean += frequency[e] * scores[e] / sum;
    for (std::size_t e = 0; e < n; ++e) {
      d_scores[e] = weight / rows * (frequency[e] - mean) / sum;
    }
    through_scores(config.scoring, scores, d_scores, d_logits.row(t));
  }
  return weight * loss;
}

}  // namespace

void route_backward(const Context& context, const RouterConfig& config, ConstView logits,
                    const Routing& routing, ConstView d_weights, View d_logits) {
  const std::int64_t k = routing.per_row;
  require(d_weights.rows == logits.rows && d_weights.cols == k && d_logits.size() == logits.size(),
          "route_backward: d_weights [{}, {}] do not fit logits [{}, {}]", d_weights.rows,
          d_weights.cols, logits.rows, logits.cols);
  context.threads.parallel_for(logits.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scores(static_cast<std::size_t>(logits.cols));
    std::vector<float> d_scores(scores.size());
    for (std::int64_t t = begin; t < end; ++t) {
      router_scores(config.scoring, logits.row(t), scores);
      const std::int32_t* experts = &routing.experts[static_cast<std::size_t>(t * k)];
      const float* weights = &routing.weights[static_cast<std::size_t>(t * k)];
      float sum = 0;    // of the chosen scores
      float along = 0;  // of gradient times weight
      for (std::int64_t i = 0; i < k; ++i) {
        sum += scores[static_cast<std::size_t>(experts[i])];
        along += d_weights.row(t)[i] * weights[i];
      }
      std::ranges::fill(d_scores, 0.0F);
      for (std::int64_t i = 0; i < k; ++i) {
        const float slope = config.routed_scaling_factor * d_weights.row(t)[i];
        d_scores[static_cast<std::size_t>(experts[i])] =
            config.norm_topk_prob ? (slope - along) / (sum + 1e-20F) : slope;
      }
      through_scores(config.scoring, scores, d_scores, d_logits.row(t));
    }
  });
}

double balance_loss(const Context& context, const RouterConfig& config,
                    const SequenceLayout& layout, ConstView logits, float weight, View d_logits) {
  require(logits.rows == layout.rows && d_logits.size() == logits.size(),
          "balance_loss: {} rows for a layout of {}", logits.rows, layout.rows);
  const auto segments = static_cast<std::int64_t>(layout.segments.size());
  std::vector<double> losses(layout.segments.size());
  context.threads.parallel_for(segments, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto s = static_cast<std::size_t>(i);
      losses[s] = segment_loss(config, layout.segments[s], logits, weight, d_logits);
    }
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

}  // namespace frugal::ops

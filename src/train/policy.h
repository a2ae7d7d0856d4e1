// The objective of GRPO (DeepSeekMath, section 4; R1 report, section 2.1), and its gradients.
#pragma once

#include <span>
#include <vector>

#include "train/loss.h"

namespace frugal::train {

/// One answer that was sampled.
struct Rollout {
  std::vector<std::int32_t> tokens;  // prompt, then answer
  std::int64_t prompt = 0;           // tokens of the prompt
  std::vector<float> old_logprobs;   // [answer], of the policy that sampled it
  std::vector<float> ref_logprobs;   // [answer], of the reference; empty without a KL term
  double advantage = 0;

  std::int64_t answer() const { return std::ssize(tokens) - prompt; }
};

struct PolicyOptions {
  double epsilon = 10;  // the clip of the ratio: R1's, which is no limit downwards
  double beta = 0.001;  // of the KL term
  bool recompute_layers = false;
};

/// Sums over answers, each divided by its length and by the answers of the step; add up over the
/// batches of a step.
struct PolicySums {
  double loss = 0;
  double kl = 0;
  double clipped = 0;         // share of the tokens whose gradient the clip cut off
  double max_difference = 0;  // the largest |log-probability now - old_logprobs|
  PolicySums& operator+=(const PolicySums& other);
};

/// (reward - mean) / deviation within a group. All zero when the rewards do not differ: such a
/// group teaches nothing. Rewards that are not finite have no part in it and get 0.
std::vector<double> group_advantages(std::span<const double> rewards);

/// Runs rollouts through a model.
class PolicyLearner {
 public:
  PolicyLearner(const models::Transformer& model, const ops::Context& context)
      : model_(model), context_(context) {}

  /// The log-probabilities [answer] of each rollout's answer under the model as it is.
  std::vector<std::vector<float>> logprobs(std::span<const Rollout> rollouts);

  /// Adds the gradients of the loss: minus the mean over `answers` answers, of which these
  /// rollouts are some, of the mean over an answer's tokens of
  ///   min(r A, clip(r, 1 - eps, 1 + eps) A) - beta (ref / p - log(ref / p) - 1),  r = p / old.
  PolicySums learn(std::span<const Rollout> rollouts, std::int64_t answers,
                   const PolicyOptions& options);

 private:
  const models::Transformer& model_;
  ops::Context context_;
  Arena arena_;
  autograd::Recording recording_;
};

/// Consecutive rollouts that fit `most_rows` rows each time; one that does not stands alone.
std::vector<std::span<const Rollout>> cut(std::span<const Rollout> rollouts,
                                          std::int64_t most_rows);

}  // namespace frugal::train

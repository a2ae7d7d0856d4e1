#include "train/policy.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace frugal::train {

namespace {

// The rows of packed rollouts, and for each row what the loss has to know.
struct PolicyBatch {
  Batch batch;
  struct Row {
    float old_logprob = 0;
    float ref_logprob = 0;
    float advantage = 0;
    float weight = 0;  // 1 / (answers * length)
  };
  std::vector<Row> rows;  // [T]
};

PolicyBatch pack(std::span<const Rollout> rollouts, std::int64_t answers) {
  PolicyBatch packed;
  Batch& b = packed.batch;
  for (const Rollout& rollout : rollouts) {
    require(rollout.prompt > 0 && rollout.answer() > 0 &&
                std::ssize(rollout.old_logprobs) == rollout.answer(),
            "a rollout needs a prompt and a log-probability for each token of its answer");
    const auto rows = std::ssize(rollout.tokens) - 1;
    const double weight =
        1.0 / (static_cast<double>(answers) * static_cast<double>(rollout.answer()));
    for (std::int64_t t = 0; t < rows; ++t) {
      const auto at = static_cast<std::size_t>(t);
      const std::int64_t answer = t + 1 - rollout.prompt;  // place of the predicted token
      b.tokens.push_back(rollout.tokens[at]);
      b.targets.push_back(answer < 0 ? ops::kIgnored : rollout.tokens[at + 1]);
      packed.rows.emplace_back();
      if (answer < 0) continue;
      const auto i = static_cast<std::size_t>(answer);
      const float ref = rollout.ref_logprobs.empty() ? 0 : rollout.ref_logprobs[i];
      packed.rows.back() = {rollout.old_logprobs[i], ref, static_cast<float>(rollout.advantage),
                            static_cast<float>(weight)};
    }
    b.layout.segments.push_back({b.layout.rows, rows, 0, {}});
    b.layout.rows += rows;
  }
  return packed;
}

// One token's part of the loss at log-probability p, and its derivative.
struct TokenLoss {
  double loss = 0;
  double kl = 0;
  bool clipped = false;
  double slope = 0;
};

TokenLoss token_loss(const PolicyBatch::Row& row, double p, const PolicyOptions& o) {
  TokenLoss result;
  const double a = row.advantage;
  const double ratio = std::exp(p - row.old_logprob);
  const double limited = std::clamp(ratio, 1 - o.epsilon, 1 + o.epsilon);
  result.clipped = limited * a < ratio * a;
  result.loss = -std::min(ratio * a, limited * a);
  result.slope = result.clipped ? 0 : -ratio * a;
  if (o.beta > 0) {
    const double to_ref = row.ref_logprob - p;
    result.kl = std::exp(to_ref) - to_ref - 1;
    result.loss += o.beta * result.kl;
    result.slope += o.beta * (1 - std::exp(to_ref));
  }
  return result;
}

}  // namespace

PolicySums& PolicySums::operator+=(const PolicySums& other) {
  loss += other.loss;
  kl += other.kl;
  clipped += other.clipped;
  max_difference = std::max(max_difference, other.max_difference);
  return *this;
}

std::vector<double> group_advantages(std::span<const double> rewards) {
  std::vector<double> advantages(rewards.size(), 0.0);
  double mean = 0;
  double count = 0;
  for (const double reward : rewards) {
    if (!std::isfinite(reward)) continue;
    mean += reward;
    ++count;
  }
  if (count == 0) return advantages;
  mean /= count;
  double variance = 0;
  for (const double reward : rewards) {
    if (std::isfinite(reward)) variance += (reward - mean) * (reward - mean) / count;
  }
  // What rounding leaves of equal rewards is no difference.
  if (variance <= 1e-12 * std::max(1.0, mean * mean)) return advantages;
  for (std::size_t i = 0; i < rewards.size(); ++i) {
    if (std::isfinite(rewards[i])) advantages[i] = (rewards[i] - mean) / std::sqrt(variance);
  }
  return advantages;
}

std::vector<std::span<const Rollout>> cut(std::span<const Rollout> rollouts,
                                          std::int64_t most_rows) {
  std::vector<std::span<const Rollout>> parts;
  std::size_t begin = 0;
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < rollouts.size(); ++i) {
    const auto size = std::ssize(rollouts[i].tokens) - 1;
    if (i > begin && rows + size > most_rows) {
      parts.push_back(rollouts.subspan(begin, i - begin));
      begin = i;
      rows = 0;
    }
    rows += size;
  }
  if (begin < rollouts.size()) parts.push_back(rollouts.subspan(begin));
  return parts;
}

std::vector<std::vector<float>> PolicyLearner::logprobs(std::span<const Rollout> rollouts) {
  const PolicyBatch packed = pack(rollouts, 1);
  arena_.release({});
  autograd::Tape tape(context_, arena_);
  const View hidden = model_.hidden_states(tape, packed.batch.tokens, packed.batch.layout, nullptr);
  const auto all = tape.cross_entropy(hidden, model_.output_head(), packed.batch.targets, {});
  std::vector<std::vector<float>> result;
  auto end = all.begin();
  for (const Rollout& rollout : rollouts) {
    end += std::ssize(rollout.tokens) - 1;
    result.emplace_back(end - rollout.answer(), end);
  }
  return result;
}

PolicySums PolicyLearner::learn(std::span<const Rollout> rollouts, std::int64_t answers,
                                const PolicyOptions& options) {
  const PolicyBatch packed = pack(rollouts, answers);
  arena_.release({});
  recording_.restart({options.recompute_layers, 0});
  PolicySums sums;
  {
    autograd::Tape tape(context_, arena_, recording_);
    const View hidden =
        model_.hidden_states(tape, packed.batch.tokens, packed.batch.layout, nullptr);
    const auto slope = [&](std::int64_t row, float p) {
      const PolicyBatch::Row& r = packed.rows[static_cast<std::size_t>(row)];
      return static_cast<float>(r.weight * token_loss(r, p, options).slope);
    };
    const auto now = tape.cross_entropy(hidden, model_.output_head(), packed.batch.targets, slope);
    for (std::size_t t = 0; t < now.size(); ++t) {
      if (packed.batch.targets[t] == ops::kIgnored) continue;
      const PolicyBatch::Row& row = packed.rows[t];
      const TokenLoss token = token_loss(row, now[t], options);
      sums.loss += row.weight * token.loss;
      sums.kl += row.weight * token.kl;
      sums.clipped += token.clipped ? row.weight : 0.0F;
      sums.max_difference =
          std::max(sums.max_difference, std::abs(double{now[t]} - row.old_logprob));
    }
    recording_.backward();
  }
  return sums;
}

}  // namespace frugal::train

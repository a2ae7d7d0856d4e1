#include "train/loss.h"

#include <algorithm>

namespace frugal::train {

namespace {

using ops::kIgnored;

// What MTP depth `depth` (from 0) sees and predicts at each row: the token depth + 1 further, and
// the one after it. Both stay inside the row's sequence; the last token of a sequence is known as
// the target of its last row.
void look_further(const Batch& batch, std::int64_t depth, std::vector<std::int32_t>& next_tokens,
                  std::vector<std::int32_t>& targets) {
  next_tokens.assign(batch.tokens.size(), 0);
  targets.assign(batch.tokens.size(), kIgnored);
  for (const ops::Segment& segment : batch.layout.segments) {
    const std::int64_t end = segment.row + segment.rows;
    for (std::int64_t row = segment.row; row < end; ++row) {
      const auto at = static_cast<std::size_t>(row);
      const std::int64_t next = row + depth + 1;
      if (next < end) {
        next_tokens[at] = batch.tokens[static_cast<std::size_t>(next)];
        targets[at] = batch.targets[static_cast<std::size_t>(next)];
      } else if (next == end) {
        next_tokens[at] = std::max(batch.targets[static_cast<std::size_t>(end - 1)], 0);
      }
    }
  }
}

std::int64_t learned(const std::vector<std::int32_t>& targets) {
  return std::ranges::count_if(targets, [](std::int32_t target) { return target != kIgnored; });
}

}  // namespace

LossCounts& LossCounts::operator+=(const LossCounts& other) {
  rows += other.rows;
  mtp_rows += other.mtp_rows;
  sequences += other.sequences;
  return *this;
}

LossCounts count(const Batch& batch, std::int64_t mtp_depths) {
  LossCounts counts = {learned(batch.targets), 0,
                       static_cast<std::int64_t>(batch.layout.segments.size())};
  std::vector<std::int32_t> next;
  std::vector<std::int32_t> targets;
  for (std::int64_t depth = 0; depth < mtp_depths; ++depth) {
    look_further(batch, depth, next, targets);
    counts.mtp_rows += learned(targets);
  }
  return counts;
}

LossSums& LossSums::operator+=(const LossSums& other) {
  nll += other.nll;
  mtp_nll += other.mtp_nll;
  balance += other.balance;
  if (loads.empty()) {
    loads = other.loads;
    return *this;
  }
  for (std::size_t i = 0; i < loads.size(); ++i) {
    for (std::size_t e = 0; e < loads[i].rows.size(); ++e) {
      loads[i].rows[e] += other.loads[i].rows[e];
    }
  }
  return *this;
}

double total_loss(const LossSums& sums, const LossCounts& counts, const LossOptions& options,
                  std::int64_t mtp_depths) {
  double loss = sums.nll / static_cast<double>(std::max<std::int64_t>(counts.rows, 1));
  if (mtp_depths > 0 && counts.mtp_rows > 0) {
    loss += options.mtp_weight * sums.mtp_nll / static_cast<double>(counts.mtp_rows);
  }
  return loss + sums.balance;
}

double Learner::predict_further(autograd::Tape& tape, const Batch& batch, View hidden,
                                const ops::LossSlope& slope) {
  const models::Transformer& transformer = model_.transformer();
  const auto depths = static_cast<std::size_t>(model_.config().num_nextn_predict_layers);
  next_tokens_.resize(depths);
  further_.resize(depths);
  double nll = 0;
  for (std::size_t depth = 0; depth < depths; ++depth) {
    look_further(batch, static_cast<std::int64_t>(depth), next_tokens_[depth], further_[depth]);
    hidden = transformer.mtp_hidden_states(tape, depth, hidden, next_tokens_[depth], batch.layout,
                                           nullptr);
    for (const float p :
         tape.cross_entropy(hidden, transformer.output_head(), further_[depth], slope)) {
      nll -= p;
    }
  }
  return nll;
}

LossSums Learner::learn(const Batch& batch, const LossCounts& step, const LossOptions& options) {
  const models::Transformer& transformer = model_.transformer();
  arena_.release({});
  recording_.restart(
      {options.recompute_layers,
       static_cast<float>(options.balance_alpha / static_cast<double>(step.sequences)),
       options.precision});
  LossSums sums;
  {
    autograd::Tape tape(context_, arena_, recording_);
    const View hidden = transformer.hidden_states(tape, batch.tokens, batch.layout, nullptr);
    const float slope = -1.0F / static_cast<float>(std::max<std::int64_t>(step.rows, 1));
    const auto main = tape.cross_entropy(hidden, transformer.output_head(), batch.targets,
                                         [slope](std::int64_t, float) { return slope; });
    for (const float p : main) sums.nll -= p;
    if (options.mtp_weight != 0 && step.mtp_rows > 0) {
      const auto further =
          static_cast<float>(-options.mtp_weight / static_cast<double>(step.mtp_rows));
      sums.mtp_nll =
          predict_further(tape, batch, hidden, [further](std::int64_t, float) { return further; });
    }
    recording_.backward();
  }
  sums.balance = recording_.balance_loss;
  sums.loads = std::move(recording_.loads);
  return sums;
}

std::vector<float> Learner::nll(const Batch& batch) {
  const models::Transformer& transformer = model_.transformer();
  arena_.release({});
  autograd::Tape tape(context_, arena_);
  const View hidden = transformer.hidden_states(tape, batch.tokens, batch.layout, nullptr);
  const auto log_probabilities =
      tape.cross_entropy(hidden, transformer.output_head(), batch.targets, {});
  std::vector<float> result(log_probabilities.begin(), log_probabilities.end());
  for (float& value : result) value = -value;
  return result;
}

}  // namespace frugal::train

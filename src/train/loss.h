// The loss of a batch, and its gradients.
#pragma once

#include <vector>

#include "autograd/recording.h"
#include "train/trainable_model.h"

namespace frugal::train {

/// Packed sequences with what each row should predict.
struct Batch {
  std::vector<std::int32_t> tokens;   // [T]
  std::vector<std::int32_t> targets;  // [T]: the next token, or ops::kIgnored
  ops::SequenceLayout layout;
};

/// The terms of DeepSeek-V3's loss: cross-entropy, mtp_weight times the mean over MTP depths of
/// theirs, and balance_alpha times the sum over mixtures of the sequence-wise balance loss.
struct LossOptions {
  double mtp_weight = 0;
  double balance_alpha = 0;
  bool recompute_layers = false;
  ops::Precision precision = ops::Precision::f32;
};

/// Over how many rows and sequences a step averages: of all its batches together.
struct LossCounts {
  std::int64_t rows = 0;      // with a target
  std::int64_t mtp_rows = 0;  // with a target one further, all depths together
  std::int64_t sequences = 0;
  LossCounts& operator+=(const LossCounts& other);
};

LossCounts count(const Batch& batch, std::int64_t mtp_depths);

/// Sums over what was counted; add up over the batches of a step.
struct LossSums {
  double nll = 0;                           // -log p, nats
  double mtp_nll = 0;                       // of all depths
  double balance = 0;                       // with alpha and divided by the step's sequences
  std::vector<autograd::ExpertLoad> loads;  // one a mixture, last layer first
  LossSums& operator+=(const LossSums& other);
};

/// The step's loss from its sums.
double total_loss(const LossSums& sums, const LossCounts& counts, const LossOptions& options,
                  std::int64_t mtp_depths);

/// Runs batches through a model; keeps the memory from one to the next.
class Learner {
 public:
  Learner(TrainableModel& model, const ops::Context& context) : model_(model), context_(context) {}

  /// Forward and backward; adds to the gradients of the model's parameters.
  LossSums learn(const Batch& batch, const LossCounts& step, const LossOptions& options);
  /// -log p [T] of each row's target, 0 for ignored ones. Forward only.
  std::vector<float> nll(const Batch& batch);

 private:
  double predict_further(autograd::Tape& tape, const Batch& batch, View hidden,
                         const ops::LossSlope& slope);

  TrainableModel& model_;
  ops::Context context_;
  Arena arena_;  // values
  autograd::Recording recording_;
  // What the tape refers to until backward() has run: per MTP depth.
  std::vector<std::vector<std::int32_t>> next_tokens_;  // [depths][T]
  std::vector<std::vector<std::int32_t>> further_;      // [depths][T]
};

}  // namespace frugal::train

#include "train/objective.h"

#include <numeric>

namespace frugal::train {

namespace {

class TokenLoss final : public Objective {
 public:
  TokenLoss(TrainableModel& model, const ops::Context& context) : learner_(model, context) {}

  double sum(const Batch& batch) override {
    const std::vector<float> nll = learner_.nll(batch);
    return std::accumulate(nll.begin(), nll.end(), 0.0);
  }

  double learn(const Batch& batch, std::int64_t rows) override {
    LossCounts step = count(batch, 0);
    step.rows = rows;
    return learner_.learn(batch, step, {}).nll;
  }

 private:
  Learner learner_;
};

class Divergence final : public Objective {
 public:
  Divergence(TrainableModel& model, const models::Transformer& teacher, const ops::Context& context)
      : model_(model), teacher_(teacher), context_(context) {}

  double sum(const Batch& batch) override {
    arena_.release({});
    autograd::Tape tape(context_, arena_);
    return run(tape, batch, 0);
  }

  double learn(const Batch& batch, std::int64_t rows) override {
    arena_.release({});
    recording_.restart({});
    autograd::Tape tape(context_, arena_, recording_);
    const double result = run(tape, batch, 1.0F / static_cast<float>(rows));
    recording_.backward();
    return result;
  }

 private:
  double run(autograd::Tape& tape, const Batch& batch, float slope) {
    teacher_arena_.release({});
    autograd::Tape teacher_tape(context_, teacher_arena_);
    const View wanted = teacher_.hidden_states(teacher_tape, batch.tokens, batch.layout, nullptr);
    const models::Transformer& model = model_.transformer();
    const View hidden = model.hidden_states(tape, batch.tokens, batch.layout, nullptr);
    const auto divergences = tape.divergence(hidden, model.output_head(), batch.targets,
                                             {wanted, teacher_.output_head().weight}, slope);
    return std::accumulate(divergences.begin(), divergences.end(), 0.0);
  }

  TrainableModel& model_;
  const models::Transformer& teacher_;
  ops::Context context_;
  Arena teacher_arena_;
  Arena arena_;
  autograd::Recording recording_;
};

}  // namespace

std::unique_ptr<Objective> make_token_loss(TrainableModel& model, const ops::Context& context) {
  return std::make_unique<TokenLoss>(model, context);
}

std::unique_ptr<Objective> make_divergence(TrainableModel& model,
                                           const models::Transformer& teacher,
                                           const ops::Context& context) {
  return std::make_unique<Divergence>(model, teacher, context);
}

}  // namespace frugal::train

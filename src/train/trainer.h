// One training run, from its recipe to its last checkpoint.
#pragma once

#include <functional>

#include "cost/ledger.h"
#include "train/data.h"
#include "train/run_folder.h"
#include "train/run_report.h"

namespace frugal::train {

enum class RunEnd { finished, stopped };

/// Owns everything of a run. With the same recipe, data and instruction set the weights are the
/// same bit for bit, whatever the number of threads and however often the run was stopped and
/// resumed; only a run that ends by time follows the clock instead.
class Trainer {
 public:
  /// Loads model and data, and with `resume` the newest checkpoint in `out`. Nothing is written
  /// before recipe, model and folder are known to fit, and then the tokens of the data come first.
  Trainer(const Recipe& recipe, const std::filesystem::path& out, bool resume);

  /// Steps until the recipe's end or until `stop`, asked after each step, says so; saves last of
  /// all. Throws Error when the loss is not a number, when the gradient norm jumps, or when a
  /// checkpoint cannot be written: then the newest checkpoint is the last good state.
  RunEnd run(const std::function<bool()>& stop);

  const RunState& state() const { return state_; }
  TrainableModel& model() { return *model_; }
  /// The newest checkpoint; empty when there is none yet.
  std::filesystem::path last_checkpoint() const;

 private:
  void make_model();
  RunParts parts() { return {*model_, *optimizer_, average_.get(), config_, tokenizer_}; }
  Progress progress() const { return {state_.step, state_.tokens, state_.seconds}; }
  StepResult step();
  LossSums learn(const Batch& batch, const LossCounts& counts, const LossOptions& options);
  std::string last_good() const;
  std::vector<Batch> next_batches(std::int64_t sequences);
  void check_health(double loss, double norm) const;
  void tell(ProgressLine& line, const StepResult& result, bool last);
  std::optional<Validation> validation();
  void show_sample(ProgressLine& line);
  void save();

  Recipe recipe_;
  ThreadPool threads_;
  ops::Context context_;
  RunTokenizer tokenizer_;
  RunData data_;
  Schedule schedule_;
  Json config_;  // of config.json
  std::unique_ptr<TrainableModel> model_;
  std::unique_ptr<Learner> learner_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<WeightAverage> average_;  // nullptr without train.ema_decay
  std::unique_ptr<RunFolder> folder_;
  std::unique_ptr<cost::Ledger> ledger_;
  RunState state_;
  ReportOptions report_;
  double saved_at_ = 0;  // seconds of the run
};

}  // namespace frugal::train

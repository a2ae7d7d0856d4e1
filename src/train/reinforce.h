// Reinforcement learning with rewards by rule: GRPO as R1 and R1-Zero use it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "eval/asking.h"
#include "tasks/task.h"
#include "train/adamw.h"
#include "train/adapted_model.h"
#include "train/policy_team.h"
#include "train/rollout_weights.h"
#include "train/run_folder.h"

namespace frugal::train {

struct RewardOptions {
  double accuracy = 1;  // for a right answer
  double format = 1;    // for thinking in its tags, closed, and an answer after it
  double language = 0;  // times the share of the thinking's letters in the question's script
};

/// What becomes of answers that reach max_tokens.
enum class Truncated {
  wrong,  // no reward of any kind
  drop,   // no part in the step
};

struct ReinforceOptions {
  std::filesystem::path model;
  std::string task;
  std::uint64_t seed = 1;
  bool zero = false;         // ask by R1-Zero's template
  bool force_think = false;  // prompts end with <think>
  std::int64_t steps = 100;
  double minutes = 0;            // or so long; 0: no limit
  std::int64_t questions = 8;    // of a step
  std::int64_t group = 8;        // answers to each
  std::int64_t minibatches = 1;  // optimizer steps on the answers of one step
  double lr = 3e-6;
  double clip = 1;
  double weight_decay = 0;
  PolicyOptions policy;
  std::int64_t reference_every = 400;  // steps until the policy becomes the reference
  double temperature = 1;
  std::int64_t max_tokens = 256;
  Truncated truncated = Truncated::wrong;
  RewardOptions reward;
  std::int64_t micro_batch_tokens = 4096;
  std::int64_t parallel = 64;  // answers that are sampled at once
  std::int64_t transcripts_every = 10;
  double save_every_minutes = 5;
  std::int64_t keep = 2;
  models::LoraConfig lora;
  int threads = 0;
};

/// The reward of one answer.
double reward_of(const tasks::Question& question, const eval::Answered& answer,
                 const RewardOptions& options);

/// What one step saw.
struct ReinforceStep {
  double reward = 0;    // mean over all answers
  double accuracy = 0;  // share of right answers
  double well_formed = 0;
  double language = 0;  // mean share of the language
  double length = 0;    // tokens an answer
  double truncated = 0;
  std::int64_t groups = 0;      // that taught something
  std::int64_t dropped = 0;     // whose rewards did not differ
  std::int64_t not_finite = 0;  // rewards that were no number
  PolicySums policy;
  double grad_norm = 0;
  std::int64_t tokens = 0;  // sampled
};

/// One run. Rollouts and training share the weights, so that for float models the log-probabilities
/// of both are the same bits. DIR/metrics.jsonl has a line a step, DIR/transcripts what was said.
class Reinforcer {
 public:
  Reinforcer(const ReinforceOptions& options, const BaseModel& base,
             const std::filesystem::path& out, bool resume);
  ~Reinforcer();

  /// Until the last step, the end of the time, or until `stop` says so; saves last of all. `told`
  /// sees each step.
  void run(const std::function<bool()>& stop,
           const std::function<void(std::int64_t step, const ReinforceStep&)>& told);

  /// What rollouts take beside the training: their copy of the weights, and all keys and values at
  /// most.
  struct RolloutMemory {
    std::uint64_t weights;
    std::uint64_t cache;
  };
  RolloutMemory rollout_memory() const;

  const RunState& state() const { return state_; }
  std::filesystem::path last_checkpoint() const { return folder_->latest().value_or(""); }

 private:
  struct Group {
    tasks::Question question;
    std::vector<eval::Answered> answers;
    std::vector<double> rewards;
  };
  struct Share;
  RunParts parts() { return {*model_, *optimizer_, reference_.get(), config_, tokenizer_}; }
  void keep_template();
  void share_threads();
  bool finished() const;
  std::vector<Group> sample(const std::function<bool()>& stop);
  std::vector<Rollout> rollouts_of(std::vector<Group>& groups, ReinforceStep& step) const;
  void learn(std::vector<Rollout>& rollouts, ReinforceStep& step);
  void write_transcript(const std::vector<Group>& groups) const;
  void save();

  ReinforceOptions o_;
  const BaseModel& base_;
  ThreadPool threads_;
  ops::Context context_;
  Json config_;
  RunTokenizer tokenizer_;
  std::unique_ptr<tasks::Task> task_;
  std::unique_ptr<TrainableModel> model_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<WeightAverage> reference_;  // nullptr without a KL term
  std::unique_ptr<PolicyTeam> team_;
  std::unique_ptr<eval::Asker> asker_;
  std::unique_ptr<RolloutWeights> weights_;
  std::vector<std::unique_ptr<Share>> shares_;
  std::unique_ptr<RunFolder> folder_;
  RunState state_;
  double saved_at_ = 0;
};

}  // namespace frugal::train

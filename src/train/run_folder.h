// The folder of a run: checkpoints that are complete or not there, and the metrics file.
#pragma once

#include <optional>

#include "base/json.h"
#include "train/adamw.h"
#include "train/run_tokenizer.h"
#include "train/weight_average.h"

namespace frugal::train {

/// Everything beside weights and moments that a run needs to go on as if it had never stopped.
struct RunState {
  std::int64_t step = 0;
  std::int64_t tokens = 0;
  std::int64_t windows = 0;  // taken from the data so far
  double seconds = 0;        // spent so far
  double usual_norm = 0;     // running mean of the gradient norm
  std::string data_key;      // RunData::key
};

/// What a checkpoint holds, apart from the state.
struct RunParts {
  TrainableModel& model;
  AdamW& optimizer;
  WeightAverage* average;  // nullptr when the run keeps none
  const Json& config;      // of config.json
  const RunTokenizer& tokenizer;
};

/// DIR/step-00001000/ is a Hugging Face folder with the optimizer's state under training/;
/// DIR/latest links to the newest one. A checkpoint is written under another name and renamed when
/// it is on disk.
class RunFolder {
 public:
  /// Creates the folder. Throws Error when it holds a run already and `resume` is false, or holds
  /// none and it is true.
  RunFolder(std::filesystem::path folder, bool resume);

  const std::filesystem::path& path() const { return folder_; }
  /// The newest checkpoint.
  std::optional<std::filesystem::path> latest() const;

  /// Writes a checkpoint, then removes all but the newest `keep`. Throws Error, leaving the older
  /// ones as they are, when writing fails.
  std::filesystem::path save(const RunParts& parts, const RunState& state, std::int64_t keep);
  /// Fills the parts from a checkpoint. Throws Error when it is one of another model or optimizer.
  RunState restore(const std::filesystem::path& checkpoint, const RunParts& parts) const;

  /// Adds a line to metrics.jsonl.
  void append_metrics(const Json& line) const;
  /// Drops the lines of steps after `step`, which a run that was killed had not saved.
  void cut_metrics(std::int64_t step) const;

 private:
  std::vector<std::filesystem::path> checkpoints() const;  // oldest first

  std::filesystem::path folder_;
};

}  // namespace frugal::train

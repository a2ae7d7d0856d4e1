// What a run tells while it goes on: the metrics file and the progress line.
#pragma once

#include <chrono>
#include <optional>

#include "base/json.h"
#include "train/evaluate.h"
#include "train/run_folder.h"

namespace frugal::train {

struct StepResult {
  double loss = 0;          // cross-entropy of the next token, nats
  double mtp_loss = 0;      // of the tokens after it
  double balance_loss = 0;  // with its factor
  double grad_norm = 0;     // before clipping
  double lr = 0;
  double imbalance = 0;  // see imbalance()
  std::int64_t tokens = 0;
  double seconds = 0;
};

struct ReportOptions {
  double flops_per_token = 0;
  double peak_flops = 0;  // a second
  double price_per_device_hour = 0;
};

/// Money spent after so many seconds on one device.
double cost_of(double seconds, double price_per_device_hour);

/// One line of metrics.jsonl. Keys that were not measured in this step are null.
Json metrics_line(const ReportOptions& options, const RunState& state, const StepResult& step,
                  const std::optional<Validation>& validation,
                  const std::optional<Validation>& averaged);

/// One line on standard error: in place on a terminal, every ten seconds elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(const ReportOptions& options);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `share` of the run is done.
  void show(const RunState& state, const StepResult& step, double share);
  /// Clears the line, for other output.
  void clear();

 private:
  ReportOptions options_;
  bool terminal_;
  bool shown_ = false;
  std::optional<double> first_share_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace frugal::train

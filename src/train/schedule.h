// What changes during a run: learning rate, batch size, loss weights.
#pragma once

#include <cstdint>

namespace frugal::train {

/// How far a run has come and how far it goes; limits of 0 do not count.
struct Progress {
  std::int64_t step = 0;
  std::int64_t tokens = 0;
  double seconds = 0;
};

/// Shares are of the whole run, by whichever of its limits is nearest.
struct ScheduleOptions {
  std::int64_t steps = 0;  // the run ends by the first of these that is reached; 0: no limit
  std::int64_t tokens = 0;
  double minutes = 0;
  double lr = 1e-3;               // the largest
  std::int64_t warmup_steps = 0;  // linear, from 0
  double decay_begin = 0.7;       // share: until here the rate is constant
  double decay_end = 1.0;         // share: a cosine leads to final_lr here
  double final_lr = 0.1;          // as a share of lr
  double tail_begin = 1.0;        // share: from here on tail_lr
  double tail_lr = 0.1;           // as a share of lr
  std::int64_t batch_sequences = 32;
  std::int64_t batch_sequences_start = 0;  // 0: batch_sequences from the start
  double batch_ramp = 0;                   // share in which the batch grows to full size
  double mtp_weight = 0.3;
  double mtp_weight_late = 0.1;
  double mtp_switch = 0.7;   // share
  double bias_rate = 0.001;  // gamma of the bias update
  double bias_stop = 0.97;   // share: no updates from here on
};

class Schedule {
 public:
  explicit Schedule(const ScheduleOptions& options) : options_(options) {}

  /// From 0 at the start to 1 at the end.
  double share(const Progress& progress) const;
  bool finished(const Progress& progress) const { return share(progress) >= 1; }

  double lr(const Progress& progress) const;
  std::int64_t batch_sequences(const Progress& progress) const;
  double mtp_weight(const Progress& progress) const;
  double bias_rate(const Progress& progress) const;

 private:
  ScheduleOptions options_;
};

}  // namespace frugal::train

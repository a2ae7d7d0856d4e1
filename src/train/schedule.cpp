#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace frugal::train {

double Schedule::share(const Progress& p) const {
  const auto part = [](double done, double limit) { return limit > 0 ? done / limit : 0.0; };
  const double farthest =
      std::max({part(static_cast<double>(p.step), static_cast<double>(options_.steps)),
                part(static_cast<double>(p.tokens), static_cast<double>(options_.tokens)),
                part(p.seconds / 60, options_.minutes)});
  return std::min(farthest, 1.0);
}

double Schedule::lr(const Progress& p) const {
  if (p.step < options_.warmup_steps) {
    return options_.lr * static_cast<double>(p.step + 1) /
           static_cast<double>(options_.warmup_steps);
  }
  const double s = share(p);
  if (s >= options_.tail_begin) return options_.lr * options_.tail_lr;
  if (s <= options_.decay_begin) return options_.lr;
  const double width = options_.decay_end - options_.decay_begin;
  const double along = width > 0 ? std::min((s - options_.decay_begin) / width, 1.0) : 1.0;
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * along));
  return options_.lr * (options_.final_lr + (1 - options_.final_lr) * cosine);
}

std::int64_t Schedule::batch_sequences(const Progress& p) const {
  const std::int64_t start = options_.batch_sequences_start;
  if (start == 0 || options_.batch_ramp <= 0) return options_.batch_sequences;
  const double along = std::min(share(p) / options_.batch_ramp, 1.0);
  return start + static_cast<std::int64_t>(
                     std::floor(along * static_cast<double>(options_.batch_sequences - start)));
}

double Schedule::mtp_weight(const Progress& p) const {
  return share(p) < options_.mtp_switch ? options_.mtp_weight : options_.mtp_weight_late;
}

double Schedule::bias_rate(const Progress& p) const {
  return share(p) < options_.bias_stop ? options_.bias_rate : 0;
}

}  // namespace frugal::train

#include "train/run_report.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/progress.h"

namespace frugal::train {

namespace {

constexpr std::chrono::seconds kPlainInterval{10};
constexpr std::chrono::milliseconds kTerminalInterval{200};

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

double utilization(const ReportOptions& o, const StepResult& step) {
  return static_cast<double>(step.tokens) / step.seconds * o.flops_per_token / o.peak_flops;
}

}  // namespace

double cost_of(double seconds, double price_per_device_hour) {
  return seconds / 3600 * price_per_device_hour;
}

Json metrics_line(const ReportOptions& options, const RunState& state, const StepResult& step,
                  const std::optional<Validation>& validation,
                  const std::optional<Validation>& averaged) {
  const auto part = [](const std::optional<Validation>& v, double Validation::*member) {
    return or_null(v ? std::optional((*v).*member) : std::nullopt);
  };
  return {{"step", state.step},
          {"tokens", state.tokens},
          {"loss", step.loss},
          {"val_loss", part(validation, &Validation::loss)},
          {"val_bits_per_byte", part(validation, &Validation::bits_per_byte)},
          {"lr", step.lr},
          {"grad_norm", step.grad_norm},
          {"tokens_per_second", static_cast<double>(step.tokens) / step.seconds},
          {"flops_utilization", utilization(options, step)},
          {"cost_usd", cost_of(state.seconds, options.price_per_device_hour)},
          {"seconds", state.seconds},
          {"mtp_loss", step.mtp_loss},
          {"balance_loss", step.balance_loss},
          {"expert_imbalance", step.imbalance},
          {"val_loss_averaged", part(averaged, &Validation::loss)}};
}

ProgressLine::ProgressLine(const ReportOptions& options)
    : options_(options),
      terminal_(::isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(const RunState& state, const StepResult& step, double share) {
  const auto now = std::chrono::steady_clock::now();
  if (!first_share_) first_share_ = share;
  const bool last = share >= 1;
  if (shown_ && !last && now - last_ < (terminal_ ? kTerminalInterval : kPlainInterval)) return;
  const std::chrono::duration<double> elapsed = now - start_;
  std::string left;
  if (share > *first_share_) {
    left = human_seconds(elapsed.count() / (share - *first_share_) * (1 - share)) + " left";
  }
  const std::string line = fmt::format(
      "step {}  loss {:.4f}  {:.0f} tokens/s  {:.0f} % of peak  experts {:+.0f} %  ${:.4f}  {}",
      state.step, step.loss, static_cast<double>(step.tokens) / step.seconds,
      100 * utilization(options_, step), 100 * step.imbalance,
      cost_of(state.seconds, options_.price_per_device_hour), left);
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
  shown_ = true;
  last_ = now;
}

void ProgressLine::clear() {
  if (!shown_ || !terminal_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace frugal::train

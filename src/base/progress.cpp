#include "base/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace frugal {

using std::chrono::steady_clock;

ProgressBar::ProgressBar(std::string label, std::uint64_t total, std::string unit)
    : label_(std::move(label)),
      total_(total),
      unit_(std::move(unit)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(steady_clock::now()),
      last_(start_) {}

ProgressBar::~ProgressBar() {
  if (shown_ && terminal_) fmt::print(stderr, "\r\033[K");
}

std::string ProgressBar::amount(std::uint64_t count) const {
  return unit_.empty() ? human_bytes(count) : fmt::format("{} {}", count, unit_);
}

void ProgressBar::update(std::uint64_t done, std::uint64_t skipped) {
  const auto now = steady_clock::now();
  const std::chrono::duration<double> since = now - last_;
  if (since.count() < (terminal_ ? 0.1 : 10.0)) return;
  last_ = now;
  shown_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done - std::min(done, skipped)) / seconds;
  std::string line = label_;
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    const std::size_t filled = static_cast<std::size_t>(share * 20);
    line += fmt::format("  {:3.0f} % [{:<20}] {} of {}", share * 100, std::string(filled, '#'),
                        unit_.empty() ? human_bytes(done) : std::to_string(done), amount(total_));
  } else {
    line += fmt::format("  {}", amount(done));
  }
  if (rate > 0) {
    line += fmt::format(", {}/s", amount(static_cast<std::uint64_t>(rate)));
    if (total_ > done) {
      line += fmt::format(", {} left", human_seconds(static_cast<double>(total_ - done) / rate));
    }
  }
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", line, terminal_ ? "" : "\n");
  std::fflush(stderr);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, units[unit]);
}

std::string human_count(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (count < 1000) return std::to_string(count);
  if (value < 999.5e3) return fmt::format("{:.3g} k", value / 1e3);
  if (value < 999.5e6) return fmt::format("{:.3g} M", value / 1e6);
  return fmt::format("{:.3g} B", value / 1e9);
}

std::string human_seconds(double seconds) {
  const std::int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace frugal

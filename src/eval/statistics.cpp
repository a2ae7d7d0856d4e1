#include "eval/statistics.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace frugal::eval {

double pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k) {
  require(k >= 1 && k <= n && c >= 0 && c <= n, "pass@{} of {} samples, {} right", k, n, c);
  double none = 1;  // C(n - c, k) / C(n, k), factor by factor
  for (std::int64_t i = 0; i < k; ++i) {
    if (n - c - i <= 0) return 1;
    none *= static_cast<double>(n - c - i) / static_cast<double>(n - i);
  }
  return 1 - none;
}

Estimate estimate(std::span<const double> values) {
  if (values.empty()) return {0, 0, 1};
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 97.5 % point
  const auto questions = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value;
  mean /= questions;
  double variance = 0;
  for (const double value : values) variance += (value - mean) * (value - mean) / questions;
  const double bernoulli = mean * (1 - mean);
  // What rounding leaves of equal values is no variance.
  const double n = variance > 1e-12 ? questions * bernoulli / variance : questions;
  const double shrink = 1 + kZ * kZ / n;
  const double centre = (mean + kZ * kZ / (2 * n)) / shrink;
  const double half = kZ / shrink * std::sqrt(bernoulli / n + kZ * kZ / (4 * n * n));
  return {mean, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace frugal::eval

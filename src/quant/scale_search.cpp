#include "quant/scale_search.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "quant/blocks.h"

namespace frugal::quant {

namespace {

constexpr int kTries = 9;  // on either side of the scale that uses the whole range

std::vector<double> weights_of(std::span<const float> values) {
  double squares = 0;
  for (const float v : values) squares += static_cast<double>(v) * v;
  const double mean = squares / static_cast<double>(values.size());
  std::vector<double> weights;
  for (const float v : values) weights.push_back(static_cast<double>(v) * v + mean);
  return weights;
}

float largest_by_size(std::span<const float> values) {
  return *std::ranges::max_element(values, {}, [](float v) { return std::abs(v); });
}

// With levels l chosen for 1 / scale = `inverse`, the best scale is sum(w v l) / sum(w l^2), and
// the error falls by sum(w v l)^2 / sum(w l^2).
template <typename LevelOf>
void try_scale(std::span<const float> values, std::span<const double> weights, double inverse,
               const LevelOf& level_of, double& best_gain, float& best_scale) {
  double product = 0;
  double squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double level = level_of(values[i] * inverse);
    product += weights[i] * values[i] * level;
    squares += weights[i] * level * level;
  }
  if (squares > 0 && product * product > best_gain * squares) {
    best_gain = product * product / squares;
    best_scale = static_cast<float>(product / squares);
  }
}

}  // namespace

float search_scale(std::span<const float> values, int low, int high) {
  const float largest = largest_by_size(values);
  if (largest == 0) return 0;
  const std::vector<double> weights = weights_of(values);
  const auto level_of = [&](double x) { return std::clamp<double>(std::nearbyint(x), low, high); };
  double gain = 0;
  float scale = 0;
  for (int t = -kTries; t <= kTries; ++t) {
    // The side with one level more takes the largest value; either sign is tried.
    for (const double end : {low - 0.1 * t, high + 0.1 * t}) {
      try_scale(values, weights, end / largest, level_of, gain, scale);
    }
  }
  return scale;
}

int nearest_iq4(float x) {
  const auto* above = std::ranges::lower_bound(kIq4Values, x, {},
                                               [](std::int8_t v) { return static_cast<float>(v); });
  if (above == kIq4Values.begin()) return 0;
  if (above == kIq4Values.end()) return static_cast<int>(kIq4Values.size()) - 1;
  const bool lower = x - static_cast<float>(above[-1]) < static_cast<float>(*above) - x;
  return static_cast<int>(above - kIq4Values.begin()) - (lower ? 1 : 0);
}

float search_iq4_scale(std::span<const float> values) {
  const float largest = largest_by_size(values);
  if (largest == 0) return 0;
  const std::vector<double> weights = weights_of(values);
  const auto level_of = [](double x) {
    return static_cast<double>(
        kIq4Values[static_cast<std::size_t>(nearest_iq4(static_cast<float>(x)))]);
  };
  double gain = 0;
  float scale = 0;
  for (int t = -kTries; t <= kTries; ++t) {
    for (const double end : {kIq4Values.front() - 1.5 * t, kIq4Values.back() + 1.5 * t}) {
      try_scale(values, weights, end / largest, level_of, gain, scale);
    }
  }
  return scale;
}

ScaleWithMin search_scale_with_min(std::span<const float> values, int high) {
  const auto [low_at, high_at] = std::ranges::minmax_element(values);
  const double bottom = std::min<double>(*low_at, 0);
  const double range = *high_at - bottom;
  if (range <= 0) return {0, static_cast<float>(-bottom)};
  const std::vector<double> weights = weights_of(values);
  ScaleWithMin best{static_cast<float>(range / high), static_cast<float>(-bottom)};
  double best_error = HUGE_VAL;
  for (int t = -kTries; t <= 2 * kTries; ++t) {
    const double inverse = (high + 0.1 * t) / range;
    // Normal equations of value = scale * level + offset.
    double w = 0, wl = 0, wll = 0, wv = 0, wvl = 0;
    const auto level = [&](float v) {
      return std::clamp<double>(std::nearbyint((v - bottom) * inverse), 0, high);
    };
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double l = level(values[i]);
      w += weights[i];
      wl += weights[i] * l;
      wll += weights[i] * l * l;
      wv += weights[i] * values[i];
      wvl += weights[i] * values[i] * l;
    }
    const double determinant = w * wll - wl * wl;
    if (determinant <= 0) continue;
    double scale = (w * wvl - wl * wv) / determinant;
    double offset = (wll * wv - wl * wvl) / determinant;
    if (offset > 0) {  // the format has only minima below zero
      offset = 0;
      scale = wvl / wll;
    }
    if (scale <= 0) continue;
    double error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double d = scale * level(values[i]) + offset - values[i];
      error += weights[i] * d * d;
    }
    if (error < best_error) {
      best_error = error;
      best = {static_cast<float>(scale), static_cast<float>(-offset)};
    }
  }
  return best;
}

}  // namespace frugal::quant

#include "models/rope_frequencies.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace frugal::models {

namespace {

double llama3_frequency(const RopeConfig& c, double frequency) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const auto original = static_cast<double>(c.original_max_position_embeddings);
  if (wavelength < original / c.high_freq_factor) return frequency;
  if (wavelength > original / c.low_freq_factor) return frequency / c.factor;
  const double smooth =
      (original / wavelength - c.low_freq_factor) / (c.high_freq_factor - c.low_freq_factor);
  return (1 - smooth) * frequency / c.factor + smooth * frequency;
}

// The dim whose wavelength fits `rotations` times into the original context.
double yarn_dim(const RopeConfig& c, double rotations) {
  const auto original = static_cast<double>(c.original_max_position_embeddings);
  return static_cast<double>(c.dim) * std::log(original / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(c.theta));
}

double yarn_frequency(const RopeConfig& c, double frequency, std::int64_t i) {
  const double low = std::max(0.0, std::floor(yarn_dim(c, c.beta_fast)));
  double high = std::min(static_cast<double>(c.dim - 1), std::ceil(yarn_dim(c, c.beta_slow)));
  if (low == high) high += 0.001;
  const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
  return frequency / c.factor * ramp + frequency * (1 - ramp);
}

double yarn_mscale(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1;
}

double yarn_magnitude(const RopeConfig& c) {
  if (c.attention_factor != 0) return c.attention_factor;
  if (c.mscale != 0 && c.mscale_all_dim != 0) {
    return yarn_mscale(c.factor, c.mscale) / yarn_mscale(c.factor, c.mscale_all_dim);
  }
  return yarn_mscale(c.factor, 1);
}

}  // namespace

ops::Rope make_rope(const RopeConfig& c) {
  ops::Rope rope;
  rope.interleaved = c.interleaved;
  for (std::int64_t i = 0; i < c.dim / 2; ++i) {
    double frequency =
        std::pow(c.theta, -2.0 * static_cast<double>(i) / static_cast<double>(c.dim));
    if (c.scaling == RopeScaling::linear) frequency /= c.factor;
    if (c.scaling == RopeScaling::llama3) frequency = llama3_frequency(c, frequency);
    if (c.scaling == RopeScaling::yarn) frequency = yarn_frequency(c, frequency, i);
    rope.frequencies.push_back(frequency);
  }
  if (c.scaling == RopeScaling::yarn) rope.magnitude = static_cast<float>(yarn_magnitude(c));
  return rope;
}

}  // namespace frugal::models

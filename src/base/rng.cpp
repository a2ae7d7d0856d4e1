#include "base/rng.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace frugal {

namespace {

// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014), the mixing function.
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

}  // namespace

Rng::Rng(std::uint64_t seed, std::uint64_t stream)
    : key_(mix(seed + kGolden) ^ mix(mix(stream + 2 * kGolden))) {}

std::uint64_t Rng::next() { return mix(key_ + kGolden * ++counter_); }

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::uint64_t Rng::below(std::uint64_t bound) {
  require(bound > 0, "Rng::below needs a positive bound");
  const std::uint64_t threshold = (0 - bound) % bound;  // 2^64 mod bound
  std::uint64_t value = next();
  while (value < threshold) value = next();
  return value % bound;
}

double Rng::normal() {
  const double u = 1.0 - uniform();  // in (0, 1], so that the logarithm is finite
  const double v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

}  // namespace frugal

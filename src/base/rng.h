// Random numbers that are the same on every machine.
#pragma once

#include <cstdint>

namespace frugal {

/// A counter-based generator (SplitMix64): the n-th number depends on seed, stream and n alone, so
/// that a run can resume at any point and two streams never share numbers by accident.
class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [0, bound), without bias; bound must be positive.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box-Muller, one value a call).
  double normal();

  /// How many numbers were drawn; seek(position()) continues from there.
  std::uint64_t position() const { return counter_; }
  void seek(std::uint64_t position) { counter_ = position; }

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace frugal

// The online softmax (Milakov and Gimelshein 2018) over one tile of scores. Static, since each
// kernel file compiles its own copy.
#pragma once

#include "ops/layout.h"
#include "ops/scalar_math.h"

namespace frugal::ops {

/// Running maximum and sum of exponentials of a row.
struct SoftmaxState {
  float max = -HUGE_VALF;
  float sum = 0;
};

/// Turns scores[0, count) into exponentials relative to the new maximum and the rest of the 64 into
/// zeros; returns the factor by which what was accumulated before has to shrink.
static inline float softmax_tile(float* scores, std::int64_t count, SoftmaxState& state) {
  for (std::int64_t j = count; j < kBlockTokens; ++j) scores[j] = -HUGE_VALF;
  const float tile_max = max_all(scores, kBlockTokens);
  const float max = state.max < tile_max ? tile_max : state.max;
  // As a rule an early tile has the maximum; exp_float(0) is 1.
  const float shrink = max == state.max ? 1.0F : exp_float(state.max - max);
  for (int j = 0; j < kBlockTokens; ++j) scores[j] = exp_float(scores[j] - max);
  state.sum = state.sum * shrink + sum_all(scores, kBlockTokens);
  state.max = max;
  return shrink;
}

}  // namespace frugal::ops

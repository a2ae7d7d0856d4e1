// The online softmax (Milakov and Gimelshein 2018) over one tile of scores. Static, since each
// kernel file compiles its own copy.
#pragma once

#include <algorithm>

#include "ops/layout.h"
#include "ops/scalar_math.h"

namespace frugal::ops {

/// Running maximum and sum of exponentials of a row.
struct SoftmaxState {
  float max = -HUGE_VALF;
  float sum = 0;
};

/// Turns scores[0, count) into exponentials relative to the new maximum; returns the factor by
/// which what was accumulated before has to shrink.
static inline float softmax_tile(float* scores, std::int64_t count, SoftmaxState& state) {
  float max = state.max;
  for (std::int64_t j = 0; j < count; ++j) max = std::max(max, scores[j]);
  const float shrink = exp_float(state.max - max);
  for (std::int64_t j = 0; j < count; ++j) scores[j] = exp_float(scores[j] - max);
  float lanes[kLanes] = {};
  for (std::int64_t j = 0; j < count; ++j) lanes[j % kLanes] += scores[j];
  state.sum = state.sum * shrink + sum_lanes(lanes);
  state.max = max;
  return shrink;
}

}  // namespace frugal::ops

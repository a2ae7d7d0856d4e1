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
  float lanes[kLanes];
  for (int l = 0; l < kLanes; ++l) lanes[l] = scores[l];
  for (int j = kLanes; j < kBlockTokens; j += kLanes) {
    for (int l = 0; l < kLanes; ++l) lanes[l] = lanes[l] < scores[j + l] ? scores[j + l] : lanes[l];
  }
  float max = state.max;
  for (int l = 0; l < kLanes; ++l) max = max < lanes[l] ? lanes[l] : max;
  const float shrink = exp_float(state.max - max);
  for (int j = 0; j < kBlockTokens; ++j) scores[j] = exp_float(scores[j] - max);
  for (int l = 0; l < kLanes; ++l) lanes[l] = scores[l];
  for (int j = kLanes; j < kBlockTokens; j += kLanes) {
    for (int l = 0; l < kLanes; ++l) lanes[l] += scores[j + l];
  }
  state.sum = state.sum * shrink + sum_lanes(lanes);
  state.max = max;
  return shrink;
}

}  // namespace frugal::ops

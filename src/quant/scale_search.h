// Scales for a group of values, found by trying some and solving for the best (least squares).
#pragma once

#include <span>

namespace frugal::quant {

/// value = scale * level. Levels are integers in [low, high], or entries of a table.
/// Large values weigh more, as they do in the products that weights are for: weight = value^2 plus
/// a share of the mean square.
float search_scale(std::span<const float> values, int low, int high);
/// The same for levels out of kIq4Values.
float search_iq4_scale(std::span<const float> values);

struct ScaleWithMin {
  float scale = 0;  // not negative
  float min = 0;    // not negative
};
/// value = scale * level - min, levels 0 to `high`.
ScaleWithMin search_scale_with_min(std::span<const float> values, int high);

/// The index of the entry of kIq4Values nearest to `x`.
int nearest_iq4(float x);

}  // namespace frugal::quant

#include "ops/rope/rope_backward.h"

namespace frugal::ops {

void rope_backward(const Context& context, const Rope& forward, const SequenceLayout& layout,
                   std::int64_t n_heads, View gradient) {
  // The transpose of a rotation is the rotation by the opposite angle; the magnitude stays.
  Rope back = forward;
  for (double& frequency : back.frequencies) frequency = -frequency;
  rope(context, back, layout, n_heads, gradient);
}

}  // namespace frugal::ops

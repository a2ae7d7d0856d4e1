// The gradient of rope().
#pragma once

#include "ops/rope/rope.h"

namespace frugal::ops {

/// Turns gradients [T, n_heads * head_dim] back in place: the transpose of what rope() does.
void rope_backward(const Context& context, const Rotations& rotations, std::int64_t n_heads,
                   View gradient);

}  // namespace frugal::ops

// The gradients of rms_norm().
#pragma once

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// x and dy [T, d], weight [d / groups] as in rms_norm(). Adds to dx [T, d] and to d_weight (empty:
/// no gradient of the weight).
void rms_norm_backward(const Context& context, ConstView x, std::span<const float> weight,
                       float eps, ConstView dy, View dx, View d_weight);

}  // namespace frugal::ops

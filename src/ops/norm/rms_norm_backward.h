// The gradients of rms_norm().
#pragma once

#include "ops/context.h"
#include "ops/gradient.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// x, dy and dx [T, d], weight [d / groups] as in rms_norm(). Adds to d_weight (empty: no gradient
/// of the weight).
void rms_norm_backward(const Context& context, ConstView x, std::span<const float> weight,
                       float eps, ConstView dy, const Gradient& dx, View d_weight);

}  // namespace frugal::ops

// The gradients of swiglu().
#pragma once

#include "ops/context.h"
#include "ops/gradient.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// All [T, d].
void swiglu_backward(const Context& context, ConstView gate, ConstView up, ConstView dy,
                     const Gradient& d_gate, const Gradient& d_up);

}  // namespace frugal::ops

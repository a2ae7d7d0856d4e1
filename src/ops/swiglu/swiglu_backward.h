// The gradients of swiglu().
#pragma once

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// All [T, d]; adds to d_gate and d_up.
void swiglu_backward(const Context& context, ConstView gate, ConstView up, ConstView dy,
                     View d_gate, View d_up);

}  // namespace frugal::ops

// The gradients of linear().
#pragma once

#include "ops/linear/linear_products.h"

namespace frugal::ops {

/// y = x w^T + b, x [T, k], w [n, k], dy [T, n]. Writes dx [T, k], or adds to it when
/// `accumulate`; adds to d_weight [n, k] and d_bias [n]. Any of the three may be empty.
void linear_backward(const Context& context, ConstView x, ConstView w, ConstView dy, View dx,
                     bool accumulate, View d_weight, View d_bias, Arena& scratch,
                     Precision precision = Precision::f32);

}  // namespace frugal::ops

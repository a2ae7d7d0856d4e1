// y = x W^T + b: the product that almost all time is spent in.
#pragma once

#include "ops/context.h"
#include "ops/weight.h"

namespace frugal::ops {

/// x [T, k], w [n, k], bias [n] or nullptr, y [T, n]. Each output is one chain of fused
/// multiply-adds along k in ascending order, then the bias: the same bits for any T, any number of
/// threads and any instruction set. Throws Error when shapes do not match.
void linear(const Context& context, ConstView x, const Weight& w, const float* bias, View y);

}  // namespace frugal::ops

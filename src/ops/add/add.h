// The residual connection.
#pragma once

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// y = a + b, all of the same shape; y may be a or b itself.
void add(const Context& context, ConstView a, ConstView b, View y);

}  // namespace frugal::ops

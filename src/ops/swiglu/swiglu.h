// The gated activation of the feed-forward layers (Shazeer 2020).
#pragma once

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// y = silu(gate) * up, all [T, d]; y may be gate or up itself.
void swiglu(const Context& context, ConstView gate, ConstView up, View y);

}  // namespace frugal::ops

// The gradients of attention().
#pragma once

#include "ops/attention/attention.h"
#include "ops/gradient.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// Operands as in attention(), in a layout without cache; d_out [T, n_heads, head_dim]. dq, dk
/// and dv are shaped as q, k and v.
void attention_backward(const Context& context, const AttentionShape& shape,
                        const SequenceLayout& layout, ConstView q, ConstView k, ConstView v,
                        ConstView d_out, const Gradient& dq, const Gradient& dk, const Gradient& dv,
                        Arena& scratch);

}  // namespace frugal::ops

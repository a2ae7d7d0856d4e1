// The gradients of mla().
#pragma once

#include "ops/gradient.h"
#include "ops/mla/mla.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// Operands as in mla(), in a layout without cache; d_out [T, n_heads, v_head_dim]. Expands keys
/// and values again instead of having kept them. dq and d_latent are shaped as q and
/// latent; adds to d_kv_b, shaped as kv_b (empty: no gradient of the weight).
void mla_backward(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, ConstView kv_b, ConstView d_out,
                  const Gradient& dq, const Gradient& d_latent, View d_kv_b, Arena& scratch);

}  // namespace frugal::ops

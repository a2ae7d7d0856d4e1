// What the two forms of latent attention share.
#pragma once

#include "ops/attention/attention.h"
#include "ops/mla/mla_kernels.h"

namespace frugal::ops {

/// Throws Error when the operands do not fit each other.
void check_mla(const MlaShape& shape, const SequenceLayout& layout, ConstView q, ConstView latent,
               View out);

/// What the expanded form is: attention whose heads all have keys of their own.
AttentionShape expanded_shape(const MlaShape& shape);

void mla_expanded(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out,
                  Arena& scratch);

}  // namespace frugal::ops

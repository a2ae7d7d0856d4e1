// What the two forms of latent attention share.
#pragma once

#include "ops/mla/mla_kernels.h"

namespace frugal::ops {

/// Throws Error when the operands do not fit each other.
void check_mla(const MlaShape& shape, const SequenceLayout& layout, ConstView q, ConstView latent,
               View out);

/// Stores the segment's rows of latent [T, kv_lora_rank + rope].
void store_latents(const Context& context, const LatentTiles& latents, ConstView latent);

void mla_expanded(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out,
                  Arena& scratch);

}  // namespace frugal::ops

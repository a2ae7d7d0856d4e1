// The kernels behind mla(), one set per instruction set.
#pragma once

#include <span>

#include "ops/mla/mla.h"
#include "ops/softmax_tile.h"

namespace frugal::ops {

/// Expanded: adds the values of `count` positions, `stride` floats apart, to a row and head. scores
/// are the products of query and keys, and are overwritten; out [v_head_dim] accumulates.
using MlaExpandedTile = void (*)(const MlaShape& shape, float* scores, const float* values,
                                 std::int64_t stride, std::int64_t count, SoftmaxState& state,
                                 float* out);

/// Absorbed: one row and head over `length` positions. kv_b [nope + v, kv_lora_rank] is this head's
/// part; scratch [2 * kv_lora_rank].
using MlaAbsorbedRow = void (*)(const MlaShape& shape, const float* q, const float* kv_b,
                                const Tiles& latents, std::int64_t length, float* scratch,
                                float* out);

struct MlaKernels {
  MlaExpandedTile expanded_tile;
  MlaAbsorbedRow absorbed_row;
};

MlaKernels mla_kernels_reference();
MlaKernels mla_kernels_avx2();

}  // namespace frugal::ops

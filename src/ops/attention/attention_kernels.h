// The kernels behind attention(), one per instruction set.
#pragma once

#include "ops/attention/attention.h"

namespace frugal::ops {

/// One row and head: attends to `length` positions. q and out [head_dim]; `k` and `v` give tiles
/// whose position 0 of the wanted head starts at k.tile(i) + head_offset.
using AttendRow = void (*)(const AttentionShape& shape, const float* q, const Tiles& k,
                           const Tiles& v, std::int64_t head_offset, std::int64_t length,
                           float* out);

void attend_row_reference(const AttentionShape& shape, const float* q, const Tiles& k,
                          const Tiles& v, std::int64_t head_offset, std::int64_t length,
                          float* out);
void attend_row_avx2(const AttentionShape& shape, const float* q, const Tiles& k, const Tiles& v,
                     std::int64_t head_offset, std::int64_t length, float* out);

}  // namespace frugal::ops

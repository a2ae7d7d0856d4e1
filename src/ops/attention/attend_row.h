// One row and head of attention in plain loops. Included by each kernel file, which compiles it for
// its own instruction set; static for that reason.
#pragma once

#include "ops/attention/attention_kernels.h"
#include "ops/softmax_tile.h"

namespace frugal::ops {

static inline void attend_row(const AttentionShape& shape, const float* q, const Tiles& k,
                              const Tiles& v, std::int64_t head_offset, std::int64_t length,
                              float* out) {
  SoftmaxState state;
  float scores[kBlockTokens];
  for (std::int64_t d = 0; d < shape.head_dim; ++d) out[d] = 0;
  for (std::int64_t begin = 0; begin < length; begin += kBlockTokens) {
    const std::int64_t count = std::min(kBlockTokens, length - begin);
    const float* k_tile = k.tile(begin / kBlockTokens) + head_offset;  // [64, width]
    const float* v_tile = v.tile(begin / kBlockTokens) + head_offset;  // [64, width]
    for (std::int64_t j = 0; j < count; ++j) {
      scores[j] = shape.scale * dot(q, k_tile + j * k.width, shape.head_dim);
    }
    const float shrink = softmax_tile(scores, count, state);
    for (std::int64_t d = 0; d < shape.head_dim; ++d) out[d] *= shrink;
    for (std::int64_t j = 0; j < count; ++j)
      axpy(scores[j], v_tile + j * v.width, out, shape.head_dim);
  }
  for (std::int64_t d = 0; d < shape.head_dim; ++d) out[d] /= state.sum;
}

}  // namespace frugal::ops

// One tile of expanded latent attention for one row and head, in plain loops. Included by each
// kernel file, which compiles it for its own instruction set; static for that reason.
#pragma once

#include "ops/mla/mla_kernels.h"

namespace frugal::ops {

static inline void mla_expanded_tile(const MlaShape& shape, float* scores, const float* values,
                                     std::int64_t stride, std::int64_t count, SoftmaxState& state,
                                     float* out) {
  for (std::int64_t j = 0; j < count; ++j) scores[j] *= shape.scale;
  const float shrink = softmax_tile(scores, count, state);
  for (std::int64_t d = 0; d < shape.v_head_dim; ++d) out[d] *= shrink;
  for (std::int64_t j = 0; j < count; ++j) {
    axpy(scores[j], values + j * stride, out, shape.v_head_dim);
  }
}

}  // namespace frugal::ops

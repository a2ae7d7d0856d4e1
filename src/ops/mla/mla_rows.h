// One row and head of latent attention in plain loops. Included by each kernel file, which compiles
// it for its own instruction set; static for that reason.
#pragma once

#include "ops/mla/mla_kernels.h"

namespace frugal::ops {

static inline void mla_expanded_tile(const MlaShape& shape, float* scores, const float* values,
                                     std::int64_t stride, std::int64_t count, SoftmaxState& state,
                                     float* out) {
  for (std::int64_t j = 0; j < count; ++j) scores[j] *= shape.scale;
  const float shrink = softmax_tile(scores, count, state);
  for (std::int64_t d = 0; d < shape.v_head_dim; ++d) out[d] *= shrink;
  for (std::int64_t j = 0; j < count; ++j)
    axpy(scores[j], values + j * stride, out, shape.v_head_dim);
}

static inline void mla_absorbed_row(const MlaShape& shape, const float* q, const float* kv_b,
                                    const Tiles& latents, std::int64_t length, float* scratch,
                                    float* out) {
  const std::int64_t rank = shape.kv_lora_rank;
  const std::int64_t nope = shape.qk_nope_head_dim;
  float* q_latent = scratch;      // [kv_lora_rank]: the query, moved into the latent space
  float* mixed = scratch + rank;  // [kv_lora_rank]: softmax-weighted sum of latents
  for (std::int64_t c = 0; c < 2 * rank; ++c) scratch[c] = 0;
  for (std::int64_t d = 0; d < nope; ++d) axpy(q[d], kv_b + d * rank, q_latent, rank);
  SoftmaxState state;
  float scores[kBlockTokens];
  for (std::int64_t begin = 0; begin < length; begin += kBlockTokens) {
    const std::int64_t count = std::min(kBlockTokens, length - begin);
    const float* tile = latents.tile(begin / kBlockTokens);  // [64, kv_lora_rank + rope]
    for (std::int64_t j = 0; j < count; ++j) {
      const float* latent = tile + j * latents.width;
      scores[j] = shape.scale * (dot(q_latent, latent, rank) +
                                 dot(q + nope, latent + rank, shape.qk_rope_head_dim));
    }
    const float shrink = softmax_tile(scores, count, state);
    for (std::int64_t c = 0; c < rank; ++c) mixed[c] *= shrink;
    for (std::int64_t j = 0; j < count; ++j) axpy(scores[j], tile + j * latents.width, mixed, rank);
  }
  for (std::int64_t d = 0; d < shape.v_head_dim; ++d) {
    out[d] = dot(kv_b + (nope + d) * rank, mixed, rank) / state.sum;
  }
}

}  // namespace frugal::ops

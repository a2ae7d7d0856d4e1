#include <algorithm>
#include <cmath>

#include "ops/mla/mla_kernels.h"

namespace frugal::ops {

namespace {

void load(const LatentTiles& latents, std::int64_t tile, std::int64_t count, std::int64_t begin,
          std::int64_t end, float* out) {
  const CacheTile from = latents.tile(tile);
  for (std::int64_t j = 0; j < count; ++j) {
    for (std::int64_t c = begin; c < end; ++c) {
      out[j * latents.stride() + c] = load_number(from, j, c);
    }
  }
}

void arrange(const AbsorbedJob&) {}  // the plain version reads queries where they are

// Value c of query i: in the latent space, then the turned part.
float query(const AbsorbedJob& job, std::int64_t i, std::int64_t c) {
  const MlaShape& s = job.shape();
  if (c < s.kv_lora_rank) return job.q_latent[job.query(i) * s.kv_lora_rank + c];
  return job.q[job.query(i) * s.q_head_dim() + s.qk_nope_head_dim + c - s.kv_lora_rank];
}

void score(const AbsorbedJob& job, std::int64_t tile, float* latents) {
  const std::int64_t stride = job.latents.stride();
  load(job.latents, tile, job.seen(job.count - 1, tile), 0, stride, latents);
  for (std::int64_t i = 0; i < job.count; ++i) {
    for (std::int64_t j = 0; j < job.seen(i, tile); ++j) {
      float sum = 0;
      for (std::int64_t c = 0; c < job.shape().latent_width(); ++c) {
        sum = std::fmaf(query(job, i, c), latents[j * stride + c], sum);
      }
      job.tile_weights(tile)[i * kBlockTokens + j] = job.shape().scale * sum;
    }
  }
}

void soften(const AbsorbedJob& job, std::int64_t tile, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t seen = job.seen(i, tile);
    if (seen == 0) continue;
    job.tile_shrink(tile)[i] =
        softmax_tile(job.tile_weights(tile) + i * kBlockTokens, seen, job.states[i]);
  }
}

void mix(const AbsorbedJob& job, std::int64_t tile, const float* latents, std::int64_t begin,
         std::int64_t end) {
  for (std::int64_t i = 0; i < job.count; ++i) {
    if (job.seen(i, tile) == 0) continue;
    for (std::int64_t c = begin; c < std::min(end, job.shape().kv_lora_rank); ++c) {
      float sum = job.tile_shrink(tile)[i] * job.mixed_row(i)[c];
      for (std::int64_t j = 0; j < job.seen(i, tile); ++j) {
        sum = std::fmaf(job.tile_weights(tile)[i * kBlockTokens + j],
                        latents[j * job.latents.stride() + c], sum);
      }
      job.mixed_row(i)[c] = sum;
    }
  }
}

void finish(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = 0; i < job.count; ++i) {
    const float inverse = 1 / job.states[i].sum;
    float* row = job.mixed_row(i);
    for (std::int64_t c = begin; c < end; ++c) row[c] *= inverse;
  }
}

}  // namespace

MlaKernels mla_kernels_reference(CacheType) { return {load, arrange, score, soften, mix, finish}; }

}  // namespace frugal::ops

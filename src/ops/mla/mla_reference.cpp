#include <algorithm>
#include <cmath>

#include "ops/mla/expanded_tile.h"
#include "ops/mla/mla_kernels.h"

namespace frugal::ops {

namespace {

float number(const LatentTiles& latents, std::int64_t tile, std::int64_t j, std::int64_t c) {
  return load_number(latents.tile(tile), j, c);
}

void load(const LatentTiles& latents, std::int64_t tile, std::int64_t count, float* out) {
  const std::int64_t width = latents.shape.latent_width();
  for (std::int64_t j = 0; j < count; ++j) {
    for (std::int64_t c = 0; c < width; ++c) out[j * width + c] = number(latents, tile, j, c);
  }
}

void arrange(const AbsorbedJob&) {}  // the plain version reads queries where they are

// Value c of query i: in the latent space, then the turned part.
float query(const AbsorbedJob& job, std::int64_t i, std::int64_t c) {
  const MlaShape& s = job.shape();
  const std::int64_t row = job.latents.segment.row + (job.first + i) / s.n_heads;
  const std::int64_t head = (job.first + i) % s.n_heads;
  if (c < s.kv_lora_rank) return job.q_latent[(head * job.rows + row) * s.kv_lora_rank + c];
  const float* q = job.q + (row * s.n_heads + head) * s.q_head_dim();
  return q[s.qk_nope_head_dim + c - s.kv_lora_rank];
}

void score(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
  for (std::int64_t tile = begin; tile < end; ++tile) {
    for (std::int64_t i = 0; i < job.count; ++i) {
      for (std::int64_t j = 0; j < job.seen(i, tile); ++j) {
        float sum = 0;
        for (std::int64_t c = 0; c < job.shape().latent_width(); ++c) {
          sum = std::fmaf(query(job, i, c), number(job.latents, tile, j, c), sum);
        }
        job.tile_weights(tile)[i * kBlockTokens + j] = job.shape().scale * sum;
      }
    }
  }
}

void soften(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    for (std::int64_t tile = 0; tile < job.tiles(); ++tile) {
      const std::int64_t seen = job.seen(i, tile);
      if (seen == 0) continue;
      job.shrink[tile * job.count + i] =
          softmax_tile(job.tile_weights(tile) + i * kBlockTokens, seen, job.states[i]);
    }
  }
}

void mix(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
  const std::int64_t width = padded_to_lanes(job.shape().kv_lora_rank);
  for (std::int64_t i = 0; i < job.count; ++i) {
    for (std::int64_t c = begin; c < std::min(end, job.shape().kv_lora_rank); ++c) {
      float sum = 0;
      for (std::int64_t tile = 0; tile < job.tiles(); ++tile) {
        if (job.seen(i, tile) == 0) continue;
        sum *= job.shrink[tile * job.count + i];
        for (std::int64_t j = 0; j < job.seen(i, tile); ++j) {
          sum = std::fmaf(job.tile_weights(tile)[i * kBlockTokens + j],
                          number(job.latents, tile, j, c), sum);
        }
      }
      job.mixed[i * width + c] = sum / job.states[i].sum;
    }
  }
}

}  // namespace

MlaKernels mla_kernels_reference(CacheType) {
  return {load, mla_expanded_tile, arrange, score, soften, mix};
}

}  // namespace frugal::ops

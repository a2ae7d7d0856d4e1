// Latent attention in registers. Templates over Simd (ops/simd/), so that each instruction set
// compiles its own copy; mla_reference.cpp is the plain definition.
#pragma once

#include "ops/attention/mix.h"
#include "ops/mla/expanded_tile.h"
#include "ops/mla/mla_modes.h"

namespace frugal::ops {

template <class Simd, CacheType kType>
struct MlaKernel {
  using Floats = typename Simd::Floats;
  using Reader = CacheReader<Simd, kType>;
  /// Positions whose scores for 16 queries are in registers together.
  static constexpr int kPositions = Simd::kPositions;

  /// Positions [begin, begin + count) of a tile as floats [count, stride].
  static void load_padded(const LatentTiles& latents, std::int64_t tile, std::int64_t begin,
                          std::int64_t count, float* out) {
    const std::int64_t stride = latents.stride();
    const Reader from(latents.tile(tile));
    for (std::int64_t j = 0; j < count; ++j) {
      for (std::int64_t c = 0; c < stride; c += kMlaLanes) {
        Simd::store(out + j * stride + c, from.row(begin + j, c));
      }
    }
  }

  static void load(const LatentTiles& latents, std::int64_t tile, std::int64_t count, float* out) {
    const std::int64_t width = latents.shape.latent_width();
    const Reader from(latents.tile(tile));
    for (std::int64_t j = 0; j < count; ++j) {
      for (std::int64_t c = 0; c < width; c += kMlaLanes) {
        float part[kMlaLanes];
        Simd::store(part, from.row(j, c));
        for (std::int64_t i = 0; i < kMlaLanes && c + i < width; ++i) {
          out[j * width + c + i] = part[i];
        }
      }
    }
  }

  static void arrange(const AbsorbedJob& job) {
    const MlaShape& s = job.shape();
    const std::int64_t width = s.latent_width();
    for (std::int64_t i = 0; i < job.panel_count() * kMlaLanes; ++i) {
      float* lane = job.panels + i / kMlaLanes * width * kMlaLanes + i % kMlaLanes;
      if (i >= job.count) {
        for (std::int64_t c = 0; c < width; ++c) lane[c * kMlaLanes] = 0;
        continue;
      }
      const std::int64_t row = job.latents.segment.row + (job.first + i) / s.n_heads;
      const std::int64_t head = (job.first + i) % s.n_heads;
      const float* moved = job.q_latent + (head * job.rows + row) * s.kv_lora_rank;
      const float* turned = job.q + (row * s.n_heads + head) * s.q_head_dim() + s.qk_nope_head_dim;
      for (std::int64_t c = 0; c < s.kv_lora_rank; ++c) lane[c * kMlaLanes] = moved[c];
      for (std::int64_t c = 0; c < s.qk_rope_head_dim; ++c) {
        lane[(s.kv_lora_rank + c) * kMlaLanes] = turned[c];
      }
    }
  }

  /// scores[kPositions][16] of one panel; latents are `stride` floats apart.
  static void score_panel(const MlaShape& shape, const float* panel, const float* latents,
                          std::int64_t stride, float* scores) {
    Floats sums[kPositions];
#pragma GCC unroll 16
    for (int j = 0; j < kPositions; ++j) sums[j] = Simd::zero();
    for (std::int64_t c = 0; c < shape.latent_width(); ++c) {
      const Floats q = Simd::load(panel + c * kMlaLanes);
#pragma GCC unroll 16
      for (int j = 0; j < kPositions; ++j) {
        sums[j] = Simd::fma(q, Simd::set(latents[j * stride + c]), sums[j]);
      }
    }
#pragma GCC unroll 16
    for (int j = 0; j < kPositions; ++j) {
      Simd::store(scores + j * kMlaLanes, Simd::multiply(Simd::set(shape.scale), sums[j]));
    }
  }

  static void score(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
    const MlaShape& shape = job.shape();
    const std::int64_t stride = job.latents.stride();
    alignas(64) float latents[kPositions * kMostLatentWidth];
    alignas(64) float scores[kPositions * kMlaLanes];
    for (std::int64_t tile = begin; tile < end; ++tile) {
      float* weights = job.tile_weights(tile);  // [count, 64]
      const std::int64_t seen = job.seen(job.count - 1, tile);
      for (std::int64_t at = 0; at < seen; at += kPositions) {
        load_padded(job.latents, tile, at, kPositions, latents);
        for (std::int64_t p = 0; p < job.panel_count(); ++p) {
          score_panel(shape, job.panels + p * shape.latent_width() * kMlaLanes, latents, stride,
                      scores);
          for (std::int64_t i = 0; i < kMlaLanes && p * kMlaLanes + i < job.count; ++i) {
            float* row = weights + (p * kMlaLanes + i) * kBlockTokens + at;
            for (int j = 0; j < kPositions; ++j) row[j] = scores[j * kMlaLanes + i];
          }
        }
      }
    }
  }

  static void soften(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t tile = 0; tile < job.tiles(); ++tile) {
        const std::int64_t seen = job.seen(i, tile);
        job.shrink[tile * job.count + i] =
            seen == 0
                ? 1.0F
                : softmax_tile(job.tile_weights(tile) + i * kBlockTokens, seen, job.states[i]);
      }
    }
  }

  static void mix(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
    const std::int64_t width = padded_to_lanes(job.shape().kv_lora_rank);
    for (std::int64_t tile = 0; tile < job.tiles(); ++tile) {
      for (std::int64_t i = 0; i < job.count; i += Simd::kQueries) {
        const std::int64_t left = job.count - i;
        const int rows = static_cast<int>(left < Simd::kQueries ? left : Simd::kQueries);
        std::int64_t counts[Simd::kQueries];
        for (int r = 0; r < rows; ++r) counts[r] = job.seen(i + r, tile);
        if (counts[rows - 1] == 0) continue;
        const MixRows mixed = {job.tile_weights(tile) + i * kBlockTokens,
                               job.shrink + tile * job.count + i, job.mixed + i * width, width};
        Mixer<Simd, kType>::mix_causal(rows, mixed, counts, Reader(job.latents.tile(tile)), begin,
                                       end);
      }
    }
    for (std::int64_t i = 0; i < job.count; ++i) {
      for (std::int64_t c = begin; c < end; ++c) job.mixed[i * width + c] /= job.states[i].sum;
    }
  }

  static MlaKernels kernels() { return {load, mla_expanded_tile, arrange, score, soften, mix}; }
};

template <class Simd>
MlaKernels mla_kernels_for(CacheType type) {
  switch (type) {
    case CacheType::f16:
      return MlaKernel<Simd, CacheType::f16>::kernels();
    case CacheType::q8_0:
      return MlaKernel<Simd, CacheType::q8_0>::kernels();
    case CacheType::f32:
      break;
  }
  return MlaKernel<Simd, CacheType::f32>::kernels();
}

}  // namespace frugal::ops

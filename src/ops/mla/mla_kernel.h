// Latent attention in registers. Templates over Simd (ops/simd/), so that each instruction set
// compiles its own copy; mla_reference.cpp is the plain definition.
#pragma once

#include "ops/attention/mix.h"
#include "ops/gemm/transpose_avx2.h"
#include "ops/mla/mla_modes.h"

namespace frugal::ops {

template <class Simd, CacheType kType>
struct MlaKernel {
  using Floats = typename Simd::Floats;
  using Reader = CacheReader<Simd, kType>;
  /// Positions whose scores for 16 queries are in registers together.
  static constexpr int kPositions = Simd::kPositions;
  /// Positions whose latents are in the first cache together.
  static constexpr std::int64_t kTogether = 16;
  static constexpr std::int64_t kMixColumns = Simd::kColumns * kMlaLanes;

  /// Positions [first, last), columns [begin, end) of a tile.
  static void load_part(const LatentTiles& latents, std::int64_t tile, std::int64_t first,
                        std::int64_t last, std::int64_t begin, std::int64_t end, float* out) {
    const std::int64_t stride = latents.stride();
    const Reader from(latents.tile(tile));
    for (std::int64_t j = first; j < last; ++j) {
      for (std::int64_t c = begin; c < end; c += kMlaLanes) {
        Simd::store(out + j * stride + c, from.row(j, c));
      }
    }
  }

  static void load(const LatentTiles& latents, std::int64_t tile, std::int64_t count,
                   std::int64_t begin, std::int64_t end, float* out) {
    load_part(latents, tile, 0, count, begin, end, out);
  }

  /// Rows of `cols` values, `stride` apart, to lanes of a panel [cols][16].
  static void arrange_lanes(const float* rows, std::int64_t stride, std::int64_t count,
                            std::int64_t cols, float* panel) {
    transpose_rows(rows, stride, count, cols, panel, kMlaLanes);
    for (std::int64_t lane = count; lane < kMlaLanes; ++lane) {
      for (std::int64_t c = 0; c < cols; ++c) panel[c * kMlaLanes + lane] = 0;
    }
  }

  static void arrange(const AbsorbedJob& job) {
    const MlaShape& s = job.shape();
    for (std::int64_t p = 0; p < job.panel_count(); ++p) {
      const std::int64_t left = job.count - p * kMlaLanes;
      const std::int64_t count = left < kMlaLanes ? left : kMlaLanes;
      const std::int64_t query = job.query(p * kMlaLanes);
      float* panel = job.panels + p * s.latent_width() * kMlaLanes;
      arrange_lanes(job.q_latent + query * s.kv_lora_rank, s.kv_lora_rank, count, s.kv_lora_rank,
                    panel);
      arrange_lanes(job.q + query * s.q_head_dim() + s.qk_nope_head_dim, s.q_head_dim(), count,
                    s.qk_rope_head_dim, panel + s.kv_lora_rank * kMlaLanes);
    }
  }

  /// Goes on with sums [kPositions][16] of one panel and as many latents, over `count` columns.
  static void score_part(const float* panel, const float* latents, std::int64_t stride,
                         std::int64_t count, float* sums) {
    Floats at[kPositions];
#pragma GCC unroll 16
    for (int j = 0; j < kPositions; ++j) at[j] = Simd::load(sums + j * kMlaLanes);
    for (std::int64_t c = 0; c < count; ++c) {
      const Floats q = Simd::load(panel + c * kMlaLanes);
#pragma GCC unroll 16
      for (int j = 0; j < kPositions; ++j) {
        at[j] = Simd::fma(q, Simd::set(latents[j * stride + c]), at[j]);
      }
    }
#pragma GCC unroll 16
    for (int j = 0; j < kPositions; ++j) Simd::store(sums + j * kMlaLanes, at[j]);
  }

  /// Puts the sums [16 positions][16] of a panel where softmax reads them.
  static void store_scores(const AbsorbedJob& job, std::int64_t panel, const float* sums,
                           float* weights) {
    const std::int64_t first = panel * kMlaLanes;
    for (std::int64_t i = 0; i < kMlaLanes && first + i < job.count; ++i) {
      for (std::int64_t j = 0; j < kTogether; ++j) {
        weights[(first + i) * kBlockTokens + j] = job.shape().scale * sums[j * kMlaLanes + i];
      }
    }
  }

  static void score(const AbsorbedJob& job, std::int64_t tile, float* latents) {
    const std::int64_t width = job.shape().latent_width();
    const std::int64_t stride = job.latents.stride();
    const std::int64_t seen = job.seen(job.count - 1, tile);
    for (std::int64_t at = 0; at < seen; at += kTogether) {
      alignas(64) float sums[kJobPanels][kTogether * kMlaLanes] = {};
      for (std::int64_t c = 0; c < width; c += kMlaDepth) {
        const std::int64_t end = c + kMlaDepth < stride ? c + kMlaDepth : stride;
        load_part(job.latents, tile, at, at + kTogether, c, end, latents);
        const std::int64_t depth = (end < width ? end : width) - c;
        for (std::int64_t p = 0; p < job.panel_count(); ++p) {
          for (std::int64_t j = 0; j < kTogether; j += kPositions) {
            score_part(job.panels + (p * width + c) * kMlaLanes, latents + (at + j) * stride + c,
                       stride, depth, sums[p] + j * kMlaLanes);
          }
        }
      }
      for (std::int64_t p = 0; p < job.panel_count(); ++p) {
        store_scores(job, p, sums[p], job.tile_weights(tile) + at);
      }
    }
  }

  static void soften(const AbsorbedJob& job, std::int64_t tile, std::int64_t begin,
                     std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t seen = job.seen(i, tile);
      job.tile_shrink(tile)[i] =
          seen == 0 ? 1.0F  // read all the same, beside queries that see something
                    : softmax_tile(job.tile_weights(tile) + i * kBlockTokens, seen, job.states[i]);
    }
  }

  static void mix(const AbsorbedJob& job, std::int64_t tile, const float* latents,
                  std::int64_t begin, std::int64_t end) {
    const std::int64_t width = job.mixed_width();
    const CacheReader<Simd, CacheType::f32> values(latents, job.latents.stride());
    // All queries pass by a few columns, which stay in the first cache.
    for (std::int64_t c = begin; c < end; c += kMixColumns) {
      const std::int64_t last = c + kMixColumns < end ? c + kMixColumns : end;
      for (std::int64_t i = 0; i < job.count; i += Simd::kQueries) {
        const std::int64_t left = job.count - i;
        const int rows = static_cast<int>(left < Simd::kQueries ? left : Simd::kQueries);
        std::int64_t counts[Simd::kQueries];
        for (int r = 0; r < rows; ++r) counts[r] = job.seen(i + r, tile);
        if (counts[rows - 1] == 0) continue;
        const MixRows mixed = {job.tile_weights(tile) + i * kBlockTokens, job.tile_shrink(tile) + i,
                               job.mixed_row(i), width};
        Mixer<Simd, CacheType::f32>::mix_causal(rows, mixed, counts, values, c, last);
      }
    }
  }

  static void finish(const AbsorbedJob& job, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = 0; i < job.count; ++i) {
      const float inverse = 1 / job.states[i].sum;
      float* row = job.mixed_row(i);
      for (std::int64_t c = begin; c < end; ++c) row[c] *= inverse;
    }
  }

  static MlaKernels kernels() { return {load, arrange, score, soften, mix, finish}; }
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

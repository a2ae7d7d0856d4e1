#include <algorithm>
#include <cstring>
#include <vector>

#include "ops/gemm/gemm.h"
#include "ops/linear/linear.h"
#include "ops/mla/mla_modes.h"

namespace frugal::ops {

namespace {

// scores [rows, 64]: each one chain of multiply-adds over the head's own dims, then the shared
// ones, so that a row's bits do not depend on the rows beside it.
void tile_scores(Isa isa, const MlaShape& shape, const float* q, std::int64_t rows, const float* kv,
                 std::int64_t kv_stride, const float* latents, std::int64_t count, float* scores) {
  const std::int64_t nope = shape.qk_nope_head_dim;
  const std::int64_t q_stride = shape.n_heads * shape.q_head_dim();
  gemm_serial(isa, {rows, count, nope, {q, q_stride}, {kv, kv_stride, true}, scores, kBlockTokens});
  gemm_serial(isa, {rows,
                    count,
                    shape.qk_rope_head_dim,
                    {q + nope, q_stride},
                    {latents + shape.kv_lora_rank, padded_to_lanes(shape.latent_width()), true},
                    scores,
                    kBlockTokens,
                    true});
}

void expand(const Context& context, const MlaKernels& kernels, const LatentTiles& latents,
            ConstView q, const Weight& kv_b, View out) {
  const MlaShape& shape = latents.shape;
  const Segment& segment = latents.segment;
  const std::int64_t length = segment.position + segment.rows;
  const Tensor tile(kBlockTokens, latents.stride());  // [64, kv_lora_rank + rope, padded]
  Arena scratch;
  const Tensor tile_kv(kBlockTokens,
                       shape.n_heads * shape.kv_head_dim());  // [64, n_heads, nope + v]
  std::vector<SoftmaxState> states(static_cast<std::size_t>(segment.rows * shape.n_heads));
  for (std::int64_t i = 0; i < segment.rows; ++i) {
    std::memset(out.row(segment.row + i), 0, static_cast<std::size_t>(out.cols) * sizeof(float));
  }
  for (std::int64_t begin = 0; begin < length; begin += kBlockTokens) {
    const std::int64_t in_tile = std::min(kBlockTokens, length - begin);
    kernels.load(latents, begin / kBlockTokens, in_tile, 0, latents.stride(), tile.data());
    const Product product{{tile.data(), in_tile, shape.kv_lora_rank, tile.cols()},
                          &kv_b,
                          nullptr,
                          View{tile_kv.data(), in_tile, tile_kv.cols()}};
    linear_batch(context, {&product, 1}, scratch);
    // Rows before this tile do not see it.
    const std::int64_t first = std::max<std::int64_t>(0, begin - segment.position);
    const std::int64_t blocks = (segment.rows - first + kBlockTokens - 1) / kBlockTokens;
    context.threads.parallel_for(
        shape.n_heads * blocks, 1, [&](std::int64_t from, std::int64_t to) {
          for (std::int64_t i = from; i < to; ++i) {
            const std::int64_t head = i / blocks;
            const std::int64_t block = first + i % blocks * kBlockTokens;
            const std::int64_t rows = std::min(kBlockTokens, segment.rows - block);
            const float* kv = tile_kv.data() + head * shape.kv_head_dim();
            float scores[kBlockTokens * kBlockTokens];  // [rows, 64]
            tile_scores(context.isa, shape, q.row(segment.row + block) + head * shape.q_head_dim(),
                        rows, kv, tile_kv.cols(), tile.data(), in_tile, scores);
            for (std::int64_t r = 0; r < rows; ++r) {
              const std::int64_t row = block + r;
              const std::int64_t count = std::min(in_tile, segment.position + row + 1 - begin);
              kernels.expanded_tile(shape, scores + r * kBlockTokens, kv + shape.qk_nope_head_dim,
                                    tile_kv.cols(), count,
                                    states[static_cast<std::size_t>(head * segment.rows + row)],
                                    out.row(segment.row + row) + head * shape.v_head_dim);
            }
          }
        });
  }
  context.threads.parallel_for(segment.rows, 4, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) {
      for (std::int64_t head = 0; head < shape.n_heads; ++head) {
        const float sum = states[static_cast<std::size_t>(head * segment.rows + i)].sum;
        float* values = out.row(segment.row + i) + head * shape.v_head_dim;
        for (std::int64_t d = 0; d < shape.v_head_dim; ++d) values[d] /= sum;
      }
    }
  });
}

}  // namespace

void mla_expanded(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out) {
  check_mla(shape, layout, q, latent, out);
  const MlaKernels kernels = mla_kernels(context.isa, shape.cache);
  const CachedLayout cached_layout(layout, cache, shape.cache_bytes());
  for (const CachedSegment& cached : cached_layout.segments()) {
    const LatentTiles latents{shape, cached.segment, cached.cache};
    store_latents(context, latents, latent);
    expand(context, kernels, latents, q, kv_b, out);
  }
}

}  // namespace frugal::ops

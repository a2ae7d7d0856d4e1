#include "ops/mla/mla.h"

#include <cstring>
#include <vector>

#include "ops/gemm/gemm.h"
#include "ops/linear/linear.h"
#include "ops/mla/mla_kernels.h"

namespace frugal::ops {

namespace {

// scores [rows, count]: each one chain of multiply-adds over the head's own dims, then the shared
// ones, so that a row's bits do not depend on the rows beside it.
void tile_scores(Isa isa, const MlaShape& shape, const float* q, std::int64_t rows, const float* kv,
                 std::int64_t kv_stride, const float* latents, std::int64_t count, float* scores) {
  const std::int64_t nope = shape.qk_nope_head_dim;
  const std::int64_t q_stride = shape.n_heads * shape.q_head_dim();
  gemm_serial(isa, {rows, count, nope, {q, q_stride}, {kv, kv_stride, true}, scores, count});
  gemm_serial(isa, {rows,
                    count,
                    shape.qk_rope_head_dim,
                    {q + nope, q_stride},
                    {latents + shape.kv_lora_rank, shape.latent_width(), true},
                    scores,
                    count,
                    true});
}

void expanded(const Context& context, const MlaKernels& kernels, const MlaShape& shape, ConstView q,
              const Tiles& latents, const Weight& kv_b, View out) {
  const Segment& segment = latents.segment;
  const std::int64_t length = segment.position + segment.rows;
  const Tensor tile_latents(kBlockTokens, shape.kv_lora_rank);  // [64, kv_lora_rank]
  const Tensor tile_kv(kBlockTokens,
                       shape.n_heads * shape.kv_head_dim());  // [64, n_heads, nope + v]
  std::vector<SoftmaxState> states(static_cast<std::size_t>(segment.rows * shape.n_heads));
  for (std::int64_t i = 0; i < segment.rows; ++i) {
    std::memset(out.row(segment.row + i), 0, static_cast<std::size_t>(out.cols) * sizeof(float));
  }
  for (std::int64_t begin = 0; begin < length; begin += kBlockTokens) {
    const std::int64_t in_tile = std::min(kBlockTokens, length - begin);
    const float* tile = latents.tile(begin / kBlockTokens);
    for (std::int64_t j = 0; j < in_tile; ++j) {
      std::memcpy(tile_latents.row(j), tile + j * latents.width,
                  static_cast<std::size_t>(shape.kv_lora_rank) * sizeof(float));
    }
    linear(context, {tile_latents.data(), in_tile, shape.kv_lora_rank}, kv_b, nullptr,
           {tile_kv.data(), in_tile, tile_kv.cols()});
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
            float scores[kBlockTokens * kBlockTokens];  // [rows, in_tile]
            tile_scores(context.isa, shape, q.row(segment.row + block) + head * shape.q_head_dim(),
                        rows, kv, tile_kv.cols(), tile, in_tile, scores);
            for (std::int64_t r = 0; r < rows; ++r) {
              const std::int64_t row = block + r;
              const std::int64_t count = std::min(in_tile, segment.position + row + 1 - begin);
              kernels.expanded_tile(shape, scores + r * in_tile, kv + shape.qk_nope_head_dim,
                                    tile_kv.cols(), count,
                                    states[static_cast<std::size_t>(head * segment.rows + row)],
                                    out.row(segment.row + row) + head * shape.v_head_dim);
            }
          }
        });
  }
  for (std::int64_t i = 0; i < segment.rows; ++i) {
    for (std::int64_t c = 0; c < out.cols; ++c) {
      const std::int64_t head = c / shape.v_head_dim;
      out.row(segment.row + i)[c] /= states[static_cast<std::size_t>(head * segment.rows + i)].sum;
    }
  }
}

void absorbed(const Context& context, const MlaKernels& kernels, const MlaShape& shape,
              const SequenceLayout& layout, ConstView q, ConstView latent, const Weight& kv_b,
              CacheSlice cache, View out) {
  const std::int64_t rank = shape.kv_lora_rank;
  context.threads.parallel_for(shape.n_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> head_kv_b(
        static_cast<std::size_t>(shape.kv_head_dim() * rank));  // [nope + v, rank]
    std::vector<float> scratch(static_cast<std::size_t>(2 * rank));
    for (std::int64_t head = begin; head < end; ++head) {
      for (std::int64_t i = 0; i < shape.kv_head_dim(); ++i) {
        kv_b.decode(head * shape.kv_head_dim() + i, 0,
                    std::span(head_kv_b).subspan(static_cast<std::size_t>(i * rank),
                                                 static_cast<std::size_t>(rank)));
      }
      for (const Segment& segment : layout.segments) {
        const Tiles latents{segment, latent.data, cache, shape.latent_width(), 0};
        for (std::int64_t i = 0; i < segment.rows; ++i) {
          const std::int64_t row = segment.row + i;
          kernels.absorbed_row(shape, q.row(row) + head * shape.q_head_dim(), head_kv_b.data(),
                               latents, segment.position + i + 1, scratch.data(),
                               out.row(row) + head * shape.v_head_dim);
        }
      }
    }
  });
}

}  // namespace

std::int64_t MlaShape::cache_bytes() const {
  return kBlockTokens * latent_width() * static_cast<std::int64_t>(sizeof(float));
}

void mla(const Context& context, MlaMode mode, const MlaShape& shape, const SequenceLayout& layout,
         ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out) {
  require(q.cols == shape.n_heads * shape.q_head_dim() && latent.cols == shape.latent_width() &&
              out.cols == shape.n_heads * shape.v_head_dim && kv_b.k == shape.kv_lora_rank &&
              kv_b.n == shape.n_heads * shape.kv_head_dim(),
          "mla: {} heads do not fit q [{}, {}], latent [{}, {}], kv_b [{}, {}]", shape.n_heads,
          q.rows, q.cols, latent.rows, latent.cols, kv_b.n, kv_b.k);
  require(q.rows == layout.rows && latent.rows == layout.rows && out.rows == layout.rows,
          "mla: q has {} rows, the layout {}", q.rows, layout.rows);
  store_rows(layout, latent.data, shape.latent_width(), cache, 0);
  const MlaKernels kernels =
      context.isa == Isa::reference ? mla_kernels_reference() : mla_kernels_avx2();
  if (mode == MlaMode::absorbed) {
    absorbed(context, kernels, shape, layout, q, latent, kv_b, cache, out);
    return;
  }
  for (const Segment& segment : layout.segments) {
    const Tiles latents{segment, latent.data, cache, shape.latent_width(), 0};
    expanded(context, kernels, shape, q, latents, kv_b, out);
  }
}

}  // namespace frugal::ops

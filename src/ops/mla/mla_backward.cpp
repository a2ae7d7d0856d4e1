#include "ops/mla/mla_backward.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "ops/attention/head_backward.h"
#include "ops/gemm/gemm.h"

namespace frugal::ops {

namespace {

// What the heads add up: gradients of expanded keys and values, and of the shared rotary key, one
// copy per head so that the sum over heads has an order.
struct Expanded {
  View kv;           // [T, n_heads, nope + v]
  View d_kv;         // [T, n_heads, nope + v]
  View d_rope_keys;  // [T, n_heads, rope]
};

void one_head(Isa isa, const MlaShape& shape, const Segment& segment, std::int64_t head,
              ConstView q, ConstView latent, ConstView d_out, const Expanded& e, const Gradient& dq,
              float* scratch) {
  const std::int64_t row = segment.row;
  const std::int64_t nope = shape.qk_nope_head_dim;
  const std::int64_t rope = shape.qk_rope_head_dim;
  const std::int64_t q_at = head * shape.q_head_dim();
  const std::int64_t kv_at = head * shape.kv_head_dim();
  const std::array<HeadPart, 2> parts = {
      HeadPart{nope, q.row(row) + q_at, q.cols, e.kv.row(row) + kv_at, e.kv.cols,
               dq.view.row(row) + q_at, e.d_kv.row(row) + kv_at, e.kv.cols},
      HeadPart{rope, q.row(row) + q_at + nope, q.cols, latent.row(row) + shape.kv_lora_rank,
               latent.cols, dq.view.row(row) + q_at + nope, e.d_rope_keys.row(row) + head * rope,
               e.d_rope_keys.cols}};
  const HeadValues values = {shape.v_head_dim,
                             e.kv.row(row) + kv_at + nope,
                             e.d_kv.row(row) + kv_at + nope,
                             e.kv.cols,
                             d_out.row(row) + head * shape.v_head_dim,
                             d_out.cols};
  head_backward(isa, {segment.rows, shape.scale, parts, values, dq.accumulate, false, false},
                scratch);
}

void add_rope_keys(const Context& context, const MlaShape& shape, ConstView d_rope_keys,
                   const Gradient& d_latent) {
  const std::int64_t rope = shape.qk_rope_head_dim;
  context.threads.parallel_for(d_latent.view.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      float* sum = d_latent.view.row(t) + shape.kv_lora_rank;
      if (!d_latent.accumulate) std::fill_n(sum, rope, 0.0F);
      for (const float* key = d_rope_keys.row(t); key != d_rope_keys.row(t + 1); key += rope) {
        for (std::int64_t i = 0; i < rope; ++i) sum[i] += key[i];
      }
    }
  });
}

}  // namespace

void mla_backward(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, ConstView kv_b, ConstView d_out,
                  const Gradient& dq, const Gradient& d_latent, View d_kv_b, Arena& scratch) {
  const bool fits = q.rows == layout.rows && latent.rows == q.rows && d_out.rows == q.rows &&
                    d_out.cols == shape.n_heads * shape.v_head_dim && q.size() == dq.view.size() &&
                    latent.size() == d_latent.view.size();
  require(fits, "mla_backward: q [{}, {}], latent [{}, {}] and d_out [{}, {}] do not fit", q.rows,
          q.cols, latent.rows, latent.cols, d_out.rows, d_out.cols);
  const std::int64_t kv_width = shape.n_heads * shape.kv_head_dim();
  const Arena::Mark mark = scratch.mark();
  const Expanded e = {scratch.matrix(q.rows, kv_width), scratch.matrix(q.rows, kv_width),
                      scratch.matrix(q.rows, shape.n_heads * shape.qk_rope_head_dim)};
  gemm(context, product(factor(latent), transpose(kv_b), shape.kv_lora_rank, e.kv, false));
  const auto tasks = static_cast<std::int64_t>(layout.segments.size()) * shape.n_heads;
  std::int64_t longest = 0;
  for (const Segment& segment : layout.segments) longest = std::max(longest, segment.rows);
  const View own = scratch.matrix(context.threads.size(),
                                  head_scratch(longest, shape.q_head_dim(), shape.v_head_dim));
  std::atomic<std::int64_t> next{0};
  context.threads.run([&](int thread) {
    for (std::int64_t task = next.fetch_add(1); task < tasks; task = next.fetch_add(1)) {
      const Segment& segment = layout.segments[static_cast<std::size_t>(task / shape.n_heads)];
      require(segment.blocks.empty(), "mla_backward: a segment with a cache");
      one_head(context.isa, shape, segment, task % shape.n_heads, q, latent, d_out, e, dq,
               own.row(thread));
    }
  });
  add_rope_keys(context, shape, e.d_rope_keys, d_latent);
  const Gemm to_latent = {
      q.rows,       shape.kv_lora_rank, kv_width,           factor(e.d_kv),
      factor(kv_b), d_latent.view.data, d_latent.view.cols, d_latent.accumulate};
  gemm(context, to_latent);
  if (d_kv_b.data != nullptr) {
    gemm(context, product(transpose(e.d_kv), factor(latent), q.rows, d_kv_b, true));
  }
  scratch.release(mark);
}

}  // namespace frugal::ops

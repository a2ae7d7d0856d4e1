#include <cstring>

#include "ops/linear/linear.h"
#include "ops/mla/mla_modes.h"

namespace frugal::ops {

namespace {

void copy_floats(float* to, const float* from, std::int64_t count) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

// Sorts kv [T, n_heads, nope + v] and the rotary keys that all heads share, the end of latent [T,
// kv_lora_rank + rope], into k [T, n_heads, nope + rope] and v [T, n_heads, v_head_dim].
void part(const Context& context, const MlaShape& shape, ConstView kv, ConstView latent, View k,
          View v) {
  const std::int64_t nope = shape.qk_nope_head_dim;
  context.threads.parallel_for(kv.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::int64_t h = 0; h < shape.n_heads; ++h) {
        const float* from = kv.row(t) + h * shape.kv_head_dim();
        float* key = k.row(t) + h * shape.q_head_dim();
        copy_floats(key, from, nope);
        copy_floats(key + nope, latent.row(t) + shape.kv_lora_rank, shape.qk_rope_head_dim);
        copy_floats(v.row(t) + h * shape.v_head_dim, from + nope, shape.v_head_dim);
      }
    }
  });
}

}  // namespace

AttentionShape expanded_shape(const MlaShape& shape) {
  return {shape.n_heads, shape.n_heads, shape.q_head_dim(),
          shape.scale,   shape.cache,   shape.v_head_dim};
}

void mla_expanded(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out,
                  Arena& scratch) {
  check_mla(shape, layout, q, latent, out);
  const Arena::Mark mark = scratch.mark();
  const View k = scratch.matrix(q.rows, shape.n_heads * shape.q_head_dim());
  const View v = scratch.matrix(q.rows, shape.n_heads * shape.v_head_dim);
  const View kv = scratch.matrix(q.rows, shape.n_heads * shape.kv_head_dim());
  const Product up{StridedView<const float>::columns(latent, 0, shape.kv_lora_rank), &kv_b, nullptr,
                   kv};
  linear_batch(context, {&up, 1}, scratch);
  part(context, shape, kv, latent, k, v);
  attention(context, expanded_shape(shape), layout, q, k, v, cache, out);
  scratch.release(mark);
}

}  // namespace frugal::ops

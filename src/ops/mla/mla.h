// Multi-head latent attention (DeepSeek-V2, section 2.1): keys and values are read from one latent
// row per token.
#pragma once

#include <vector>

#include "ops/cache.h"
#include "ops/context.h"
#include "ops/weight.h"
#include "tensor/arena.h"

namespace frugal::ops {

struct MlaShape {
  std::int64_t n_heads = 0;
  std::int64_t qk_nope_head_dim = 0;
  std::int64_t qk_rope_head_dim = 0;
  std::int64_t v_head_dim = 0;
  std::int64_t kv_lora_rank = 0;
  float scale = 0;  // on q k^T
  CacheType cache = CacheType::f32;

  std::int64_t latent_width() const { return kv_lora_rank + qk_rope_head_dim; }
  std::int64_t q_head_dim() const { return qk_nope_head_dim + qk_rope_head_dim; }
  std::int64_t kv_head_dim() const { return qk_nope_head_dim + v_head_dim; }
};

/// Two ways to compute the same function, equal but for rounding. Expanded multiplies each latent
/// up to full keys and values, which the cache then holds: no row pays for another's, and they take
/// many times a latent's memory. Absorbed moves the up-projection to the query and the output: the
/// cache holds the latents, and nothing grows with the context but those.
enum class MlaMode { expanded, absorbed };

/// Bytes of one layer's cache for kBlockTokens tokens. Absorbed: [64, latent_width() up to a
/// multiple of 16].
std::int64_t mla_cache_bytes(MlaMode mode, const MlaShape& shape);

/// q [T, n_heads, nope + rope], rope part already turned; latent [T, kv_lora_rank + rope]: the
/// normalised latent, then the turned shared key; kv_b [n_heads * (nope + v), kv_lora_rank], each
/// head's key rows before its value rows; out [T, n_heads, v_head_dim]. Stores what the mode's
/// cache holds, rounded to its type, where the layout has one. A row's bits depend on its sequence
/// (and the mode) alone.
void mla(const Context& context, MlaMode mode, const MlaShape& shape, const SequenceLayout& layout,
         ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out,
         Arena& scratch);

/// kv_b as the absorbed form reads it, one pair of matrices a head.
struct AbsorbedWeights {
  std::vector<Weight> keys;    // [n_heads] of [kv_lora_rank, nope]: the key rows, transposed
  std::vector<Weight> values;  // [n_heads] of [v, kv_lora_rank]
};

/// In memory of its own: in BF16 or F16 when kv_b is, otherwise as float32.
AbsorbedWeights absorb(const MlaShape& shape, const Weight& kv_b);

/// mla() in absorbed mode.
void mla_absorbed(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const AbsorbedWeights& weights, CacheSlice cache,
                  View out, Arena& scratch);

}  // namespace frugal::ops

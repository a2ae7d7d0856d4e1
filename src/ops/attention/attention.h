// Causal attention with grouped queries (Ainslie et al. 2023), softmax in one pass over tiles.
#pragma once

#include "ops/cache.h"
#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

struct AttentionShape {
  std::int64_t n_heads = 0;
  std::int64_t n_kv_heads = 0;  // divides n_heads; heads h * n_heads / n_kv_heads ... share head h
  std::int64_t head_dim = 0;
  float scale = 0;  // on q k^T, as a rule 1 / sqrt(head_dim)
  CacheType cache = CacheType::f32;
  std::int64_t v_head_dim = 0;  // 0: as long as head_dim; latent attention has others

  std::int64_t value_dim() const { return v_head_dim > 0 ? v_head_dim : head_dim; }
  /// Bytes of one layer's cache for kBlockTokens tokens.
  std::int64_t cache_bytes() const;
};

/// q [T, n_heads, head_dim], k [T, n_kv_heads, head_dim], v [T, n_kv_heads, value_dim()] and out
/// [T, n_heads, value_dim()], positions already applied.
/// Stores k and v, rounded to the cache's type, in the cache where the layout has one, then lets
/// each row attend to all positions of its sequence up to its own. Tiles of 64 positions at
/// absolute multiples merge in order, so a row's bits depend on its sequence alone.
void attention(const Context& context, const AttentionShape& shape, const SequenceLayout& layout,
               ConstView q, ConstView k, ConstView v, CacheSlice cache, View out);

}  // namespace frugal::ops

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/attention/attention_kernels.h"
#include "ops/attention/cache_number.h"
#include "ops/softmax_tile.h"

namespace frugal::ops {

namespace {

void store(const KvTile& tile, std::int64_t kv_head, std::int64_t slot, const float* k,
           const float* v) {
  const AttentionShape& shape = tile.shape;
  for (std::int64_t d = 0; d < shape.head_dim; ++d) {
    store_number(shape.cache, tile.keys(kv_head), d * kBlockTokens + slot, k[d]);
    store_number(shape.cache, tile.values(kv_head), slot * KvTile::padded(shape.head_dim) + d,
                 v[d]);
  }
}

void attend_one(const AttentionJob& job, std::int64_t i) {
  const AttentionShape& shape = job.shape;
  const float* q = job.q + job.place(i);
  float* out = job.out + job.place(i);
  SoftmaxState state;
  std::memset(out, 0, static_cast<std::size_t>(shape.head_dim) * sizeof(float));
  for (std::int64_t begin = 0; begin < job.length(i); begin += kBlockTokens) {
    const KvTile tile = job.tile(begin / kBlockTokens);
    const std::int64_t count = std::min(kBlockTokens, job.length(i) - begin);
    float scores[kBlockTokens];
    for (std::int64_t j = 0; j < count; ++j) {
      float sum = 0;
      for (std::int64_t d = 0; d < shape.head_dim; ++d) {
        sum = std::fmaf(
            q[d], load_number(shape.cache, tile.keys(job.kv_head), d * kBlockTokens + j), sum);
      }
      scores[j] = shape.scale * sum;
    }
    const float shrink = softmax_tile(scores, count, state);
    for (std::int64_t d = 0; d < shape.head_dim; ++d) {
      float sum = out[d] * shrink;
      for (std::int64_t j = 0; j < count; ++j) {
        const std::int64_t at = j * KvTile::padded(shape.head_dim) + d;
        sum = std::fmaf(scores[j], load_number(shape.cache, tile.values(job.kv_head), at), sum);
      }
      out[d] = sum;
    }
  }
  for (std::int64_t d = 0; d < shape.head_dim; ++d) out[d] /= state.sum;
}

void attend(const AttentionJob& job) {
  for (std::int64_t i = 0; i < job.count; ++i) attend_one(job, job.first + i);
}

}  // namespace

AttentionKernels attention_kernels_reference(CacheType) { return {store, attend}; }

}  // namespace frugal::ops

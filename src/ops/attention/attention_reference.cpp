#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/attention/attention_kernels.h"
#include "ops/softmax_tile.h"

namespace frugal::ops {

namespace {

void attend_one(const AttentionJob& job, std::int64_t i) {
  const AttentionShape& shape = job.shape;
  const float* q = job.query(i);
  float* out = job.result(i);
  SoftmaxState state;
  std::memset(out, 0, static_cast<std::size_t>(shape.value_dim()) * sizeof(float));
  for (std::int64_t begin = 0; begin < job.length(i); begin += kBlockTokens) {
    const KvTile tile = job.tile(begin / kBlockTokens);
    const std::int64_t count = std::min(kBlockTokens, job.length(i) - begin);
    float scores[kBlockTokens];
    for (std::int64_t j = 0; j < count; ++j) {
      float sum = 0;
      for (std::int64_t d = 0; d < shape.head_dim; ++d) {
        sum = std::fmaf(q[d], load_number(tile.keys(job.kv_head), j, d), sum);
      }
      scores[j] = shape.scale * sum;
    }
    const float shrink = softmax_tile(scores, count, state);
    for (std::int64_t d = 0; d < shape.value_dim(); ++d) {
      float sum = out[d] * shrink;
      for (std::int64_t j = 0; j < count; ++j) {
        sum = std::fmaf(scores[j], load_number(tile.values(job.kv_head), j, d), sum);
      }
      out[d] = sum;
    }
  }
  for (std::int64_t d = 0; d < shape.value_dim(); ++d) out[d] /= state.sum;
}

void attend(const AttentionJob& job) {
  for (std::int64_t i = 0; i < job.count; ++i) attend_one(job, job.first + i);
}

}  // namespace

AttentionKernels attention_kernels_reference(CacheType) { return {attend}; }

}  // namespace frugal::ops

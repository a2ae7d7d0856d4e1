#include <algorithm>
#include <cstring>

#include "ops/linear/linear.h"
#include "ops/mla/mla_modes.h"

namespace frugal::ops {

namespace {

// Queries of one job when there are plenty: two panels.
constexpr std::int64_t kJobQueries = 2 * kMlaLanes;

// Rows of one head in a matrix [n_heads * T, cols].
View head_rows(const Tensor& matrix, std::int64_t head, std::int64_t rows) {
  return {matrix.row(head * rows), rows, matrix.cols()};
}

// The queries' first parts, moved into the latent space: [n_heads * T, kv_lora_rank].
Tensor move_queries(const Context& context, const MlaShape& shape, ConstView q,
                    const AbsorbedWeights& weights) {
  const std::int64_t nope = shape.qk_nope_head_dim;
  const Tensor parts(shape.n_heads * q.rows, nope);
  Tensor moved(shape.n_heads * q.rows, shape.kv_lora_rank);
  std::vector<Product> products;
  for (std::int64_t h = 0; h < shape.n_heads; ++h) {
    for (std::int64_t t = 0; t < q.rows; ++t) {
      std::memcpy(parts.row(h * q.rows + t), q.row(t) + h * shape.q_head_dim(),
                  static_cast<std::size_t>(nope) * sizeof(float));
    }
    products.push_back({head_rows(parts, h, q.rows), &weights.keys[static_cast<std::size_t>(h)],
                        nullptr, head_rows(moved, h, q.rows)});
  }
  linear_batch(context, products);
  return moved;
}

// The mixed latents [n_heads * T, kv_lora_rank], moved up to values.
void move_values(const Context& context, const MlaShape& shape, const Tensor& mixed,
                 const AbsorbedWeights& weights, View out) {
  const Tensor values(mixed.rows(), shape.v_head_dim);  // [n_heads * T, v]
  std::vector<Product> products;
  for (std::int64_t h = 0; h < shape.n_heads; ++h) {
    products.push_back({head_rows(mixed, h, out.rows), &weights.values[static_cast<std::size_t>(h)],
                        nullptr, head_rows(values, h, out.rows)});
  }
  linear_batch(context, products);
  for (std::int64_t h = 0; h < shape.n_heads; ++h) {
    for (std::int64_t t = 0; t < out.rows; ++t) {
      std::memcpy(out.row(t) + h * shape.v_head_dim, values.row(h * out.rows + t),
                  static_cast<std::size_t>(shape.v_head_dim) * sizeof(float));
    }
  }
}

// The memory of one job.
class JobMemory {
 public:
  JobMemory(AbsorbedJob job, const Tensor& mixed) : job_(job), all_mixed_(mixed) {
    const MlaShape& s = job_.shape();
    panels_ = Tensor(job_.panel_count() * s.latent_width(), kMlaLanes);
    weights_ = Tensor(job_.tiles() * job_.count, kBlockTokens);
    shrink_ = Tensor(job_.tiles(), job_.count);
    mixed_ = Tensor(job_.count, padded_to_lanes(s.kv_lora_rank));
    states_.resize(static_cast<std::size_t>(job_.count));
    job_.panels = panels_.data();
    job_.weights = weights_.data();
    job_.shrink = shrink_.data();
    job_.states = states_.data();
    job_.mixed = mixed_.data();
  }

  const AbsorbedJob& job() const { return job_; }

  /// Puts the results where move_values() reads them.
  void finish() const {
    const MlaShape& s = job_.shape();
    for (std::int64_t i = 0; i < job_.count; ++i) {
      const std::int64_t row = job_.latents.segment.row + (job_.first + i) / s.n_heads;
      const std::int64_t head = (job_.first + i) % s.n_heads;
      std::memcpy(all_mixed_.row(head * job_.rows + row), mixed_.row(i),
                  static_cast<std::size_t>(s.kv_lora_rank) * sizeof(float));
    }
  }

 private:
  AbsorbedJob job_;
  const Tensor& all_mixed_;  // [n_heads * T, kv_lora_rank]
  Tensor panels_, weights_, shrink_, mixed_;
  std::vector<SoftmaxState> states_;
};

// Few jobs, as when decoding: the threads share each one's tiles, queries and columns.
void run_together(ThreadPool& threads, const MlaKernels& kernels, const JobMemory& memory) {
  const AbsorbedJob& job = memory.job();
  kernels.arrange(job);
  threads.parallel_for(job.tiles(), 1, [&](std::int64_t begin, std::int64_t end) {
    kernels.score(job, begin, end);
  });
  threads.parallel_for(
      job.count, 4, [&](std::int64_t begin, std::int64_t end) { kernels.soften(job, begin, end); });
  threads.parallel_for(padded_to_lanes(job.shape().kv_lora_rank), 64,
                       [&](std::int64_t begin, std::int64_t end) { kernels.mix(job, begin, end); });
  memory.finish();
}

void run_alone(const MlaKernels& kernels, const JobMemory& memory) {
  const AbsorbedJob& job = memory.job();
  kernels.arrange(job);
  kernels.score(job, 0, job.tiles());
  kernels.soften(job, 0, job.count);
  kernels.mix(job, 0, padded_to_lanes(job.shape().kv_lora_rank));
  memory.finish();
}

}  // namespace

void mla_absorbed(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const AbsorbedWeights& weights, CacheSlice cache,
                  View out) {
  check_mla(shape, layout, q, latent, out);
  const MlaKernels kernels = mla_kernels(context.isa, shape.cache);
  const Tensor moved = move_queries(context, shape, q, weights);
  const Tensor mixed(shape.n_heads * q.rows, shape.kv_lora_rank);  // [n_heads * T, kv_lora_rank]
  const CachedLayout cached_layout(layout, cache, shape.cache_bytes());
  for (const CachedSegment& cached : cached_layout.segments()) {
    const LatentTiles latents{shape, cached.segment, cached.cache};
    store_latents(context, latents, latent);
    const std::int64_t queries = cached.segment.rows * shape.n_heads;
    const std::int64_t jobs = (queries + kJobQueries - 1) / kJobQueries;
    const auto memory = [&](std::int64_t index) {
      const std::int64_t first = index * kJobQueries;
      return JobMemory({latents, first, std::min(kJobQueries, queries - first), q.data,
                        moved.data(), q.rows, nullptr, nullptr, nullptr, nullptr, nullptr},
                       mixed);
    };
    if (jobs < context.threads.size()) {
      for (std::int64_t i = 0; i < jobs; ++i) run_together(context.threads, kernels, memory(i));
    } else {
      // The last queries see most, so they come first and the rest fills the gaps.
      context.threads.for_each(jobs,
                               [&](std::int64_t i) { run_alone(kernels, memory(jobs - 1 - i)); });
    }
  }
  move_values(context, shape, mixed, weights, out);
}

}  // namespace frugal::ops

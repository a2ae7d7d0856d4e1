#include <algorithm>
#include <atomic>

#include "ops/linear/linear.h"
#include "ops/mla/mla_modes.h"

namespace frugal::ops {

namespace {

void store_latents(const Context& context, const LatentTiles& latents, ConstView latent) {
  const Segment& segment = latents.segment;
  context.threads.parallel_for(segment.rows, 32, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t position = segment.position + i;
      store_numbers(latents.tile(position / kBlockTokens), position % kBlockTokens,
                    latent.row(segment.row + i), latent.cols);
    }
  });
}

// The queries' first parts, moved into the latent space: out [T, n_heads, kv_lora_rank].
void move_queries(const Context& context, const MlaShape& shape, ConstView q,
                  const AbsorbedWeights& weights, View out, Arena& scratch) {
  std::vector<Product> products;
  for (std::int64_t h = 0; h < shape.n_heads; ++h) {
    products.push_back(
        {StridedView<const float>::columns(q, h * shape.q_head_dim(), shape.qk_nope_head_dim),
         &weights.keys[static_cast<std::size_t>(h)], nullptr,
         StridedView<float>::columns(out, h * shape.kv_lora_rank, shape.kv_lora_rank)});
  }
  linear_batch(context, products, scratch);
}

// The mixed latents [T, n_heads, kv_lora_rank up to whole registers], moved up to values.
void move_values(const Context& context, const MlaShape& shape, ConstView mixed,
                 const AbsorbedWeights& weights, View out, Arena& scratch) {
  const std::int64_t width = mixed.cols / shape.n_heads;
  std::vector<Product> products;
  for (std::int64_t h = 0; h < shape.n_heads; ++h) {
    products.push_back({StridedView<const float>::columns(mixed, h * width, shape.kv_lora_rank),
                        &weights.values[static_cast<std::size_t>(h)], nullptr,
                        StridedView<float>::columns(out, h * shape.v_head_dim, shape.v_head_dim)});
  }
  linear_batch(context, products, scratch);
}

// What a thread needs to work on one job after the other.
class JobMemory {
 public:
  JobMemory(const MlaShape& shape, std::int64_t kept_tiles, Arena& scratch)
      : kept_tiles_(kept_tiles),
        latents_(scratch.matrix(kBlockTokens, padded_to_lanes(shape.latent_width())).data),
        panels_(scratch.matrix(kJobPanels * shape.latent_width(), kMlaLanes).data),
        weights_(scratch.matrix(kept_tiles * kJobQueries, kBlockTokens).data),
        shrink_(scratch.matrix(kept_tiles, kJobQueries).data),
        states_(scratch.array<SoftmaxState>(kJobQueries)) {}

  /// A fresh job for queries [first, first + count).
  AbsorbedJob job(const LatentTiles& latents, std::int64_t first, std::int64_t count, ConstView q,
                  ConstView q_latent, View mixed) const {
    std::ranges::fill(states_, SoftmaxState{});
    const AbsorbedJob job{latents, first,    count,   q.data,      q_latent.data, mixed.data,
                          panels_, weights_, shrink_, kept_tiles_, states_.data()};
    std::fill_n(job.mixed_row(0), count * job.mixed_width(), 0.0F);
    return job;
  }
  float* latents() const { return latents_; }

 private:
  std::int64_t kept_tiles_;
  float* latents_;  // [64, stride]
  float* panels_;
  float* weights_;
  float* shrink_;
  std::span<SoftmaxState> states_;
};

// One thread for a job: a tile is loaded once, and done with before the next.
void run_alone(const MlaKernels& kernels, const AbsorbedJob& job, float* latents) {
  kernels.arrange(job);
  for (std::int64_t tile = 0; tile < job.tiles(); ++tile) {
    kernels.score(job, tile, latents);
    kernels.soften(job, tile, 0, job.count);
    kernels.mix(job, tile, latents, 0, job.mixed_width());
  }
  kernels.finish(job, 0, job.mixed_width());
}

// Few jobs, as when decoding: the threads share each one's tiles, queries and columns.
void run_together(ThreadPool& threads, const MlaKernels& kernels, const AbsorbedJob& job,
                  std::span<const JobMemory> memory) {
  kernels.arrange(job);
  std::atomic<std::int64_t> next_tile{0};
  threads.run([&](int thread) {
    float* latents = memory[static_cast<std::size_t>(thread)].latents();
    for (std::int64_t tile = next_tile++; tile < job.tiles(); tile = next_tile++) {
      kernels.score(job, tile, latents);
    }
  });
  threads.parallel_for(job.count, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t tile = 0; tile < job.tiles(); ++tile) kernels.soften(job, tile, begin, end);
  });
  const std::int64_t columns = job.mixed_width() / kMlaLanes;
  threads.run([&](int thread) {
    float* latents = memory[static_cast<std::size_t>(thread)].latents();
    const std::int64_t begin = columns * thread / threads.size() * kMlaLanes;
    const std::int64_t end = columns * (thread + 1) / threads.size() * kMlaLanes;
    for (std::int64_t tile = 0; tile < job.tiles(); ++tile) {
      kernels.load(job.latents, tile, job.seen(job.count - 1, tile), begin, end, latents);
      kernels.mix(job, tile, latents, begin, end);
    }
    kernels.finish(job, begin, end);
  });
}

// mixed [T, n_heads, mixed_width] of one sequence.
void attend(const Context& context, const LatentTiles& latents, ConstView q, ConstView q_latent,
            View mixed, Arena& scratch) {
  const MlaKernels kernels = mla_kernels(context.isa, latents.shape.cache);
  ThreadPool& threads = context.threads;
  const Segment& segment = latents.segment;
  const std::int64_t queries = segment.rows * latents.shape.n_heads;
  const std::int64_t jobs = (queries + kJobQueries - 1) / kJobQueries;
  const bool together = jobs < threads.size();
  const std::int64_t tiles = (segment.position + segment.rows + kBlockTokens - 1) / kBlockTokens;
  const Arena::Mark mark = scratch.mark();
  std::vector<JobMemory> memory;  // one a thread
  memory.reserve(static_cast<std::size_t>(threads.size()));
  for (int i = 0; i < threads.size(); ++i) {
    memory.emplace_back(latents.shape, together && i == 0 ? tiles : 1, scratch);
  }
  const auto job = [&](std::int64_t index, const JobMemory& in) {
    const std::int64_t first = index * kJobQueries;
    return in.job(latents, first, std::min(kJobQueries, queries - first), q, q_latent, mixed);
  };
  if (together) {
    for (std::int64_t i = 0; i < jobs; ++i) {
      run_together(threads, kernels, job(i, memory.front()), memory);
    }
  } else {
    // The last queries see most, so they come first and the rest fills the gaps.
    std::atomic<std::int64_t> left{jobs};
    threads.run([&](int thread) {
      const JobMemory& own = memory[static_cast<std::size_t>(thread)];
      for (std::int64_t i = --left; i >= 0; i = --left) {
        run_alone(kernels, job(i, own), own.latents());
      }
    });
  }
  scratch.release(mark);
}

}  // namespace

void mla_absorbed(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const AbsorbedWeights& weights, CacheSlice cache,
                  View out, Arena& scratch) {
  check_mla(shape, layout, q, latent, out);
  const Arena::Mark mark = scratch.mark();
  const View q_latent = scratch.matrix(q.rows, shape.n_heads * shape.kv_lora_rank);
  const View mixed = scratch.matrix(q.rows, shape.n_heads * padded_to_lanes(shape.kv_lora_rank));
  move_queries(context, shape, q, weights, q_latent, scratch);
  const CachedLayout cached_layout(layout, cache, mla_cache_bytes(MlaMode::absorbed, shape));
  for (const CachedSegment& cached : cached_layout.segments()) {
    const LatentTiles latents{shape, cached.segment, cached.cache};
    store_latents(context, latents, latent);
    attend(context, latents, q, q_latent, mixed, scratch);
  }
  move_values(context, shape, mixed, weights, out, scratch);
  scratch.release(mark);
}

}  // namespace frugal::ops

#include <algorithm>

#include "ops/linear/linear.h"
#include "ops/mla/mla_modes.h"

namespace frugal::ops {

namespace {

// Expanded positions in memory at a time: 4 MiB, but at least a tile.
constexpr std::int64_t kStripFloats = 1 << 20;
// Rows of one head that a thread takes at a time.
constexpr std::int64_t kTaskRows = 48;

// One sequence, strip after strip of its positions.
class Expansion {
 public:
  Expansion(const Context& context, const LatentTiles& latents, const Weight& kv_b, Arena& scratch)
      : context_(context),
        kernels_(mla_kernels(context.isa, latents.shape.cache)),
        latents_(latents),
        kv_b_(kv_b),
        scratch_(scratch),
        rows_(latents.segment.rows),
        length_(latents.segment.position + rows_),
        strip_(std::max<std::int64_t>(1, kStripFloats / kv_b.n / kBlockTokens) * kBlockTokens),
        mixed_(scratch.matrix(shape().n_heads * rows_, expanded_value_width(shape()))),
        states_(scratch.array<SoftmaxState>(shape().n_heads * rows_)) {
    const std::int64_t most = std::min(strip_, length_);
    latent_ = scratch.matrix(most, latents.stride());
    kv_ = scratch.matrix(most, kv_b.n);
    tiles_ = scratch.matrix(shape().n_heads * tiles_in(most), expanded_tile_floats(shape()));
    std::ranges::fill(mixed_.span(), 0.0F);
    std::ranges::fill(states_, SoftmaxState{});
  }

  void run(ConstView q, View out) {
    for (std::int64_t begin = 0; begin < length_; begin += strip_) {
      const std::int64_t end = std::min(begin + strip_, length_);
      fill_tiles(begin, end);
      attend(q, begin, end);
    }
    const MlaShape& s = shape();
    context_.threads.parallel_for(rows_, 4, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        for (std::int64_t head = 0; head < s.n_heads; ++head) {
          const std::int64_t at = head * rows_ + i;
          const float sum = states_[static_cast<std::size_t>(at)].sum;
          float* values = out.row(latents_.segment.row + i) + head * s.v_head_dim;
          for (std::int64_t d = 0; d < s.v_head_dim; ++d) values[d] = mixed_.row(at)[d] / sum;
        }
      }
    });
  }

 private:
  const MlaShape& shape() const { return latents_.shape; }
  static std::int64_t tiles_in(std::int64_t positions) {
    return (positions + kBlockTokens - 1) / kBlockTokens;
  }

  // Keys and values of positions [begin, end), every head's in tiles of its own.
  void fill_tiles(std::int64_t begin, std::int64_t end) {
    const MlaShape& s = shape();
    const std::int64_t tiles = tiles_in(end - begin);
    const auto count = [&](std::int64_t tile) {
      return std::min(kBlockTokens, end - begin - tile * kBlockTokens);
    };
    context_.threads.for_each(tiles, [&](std::int64_t tile) {
      kernels_.load(latents_, begin / kBlockTokens + tile, count(tile), 0, latents_.stride(),
                    latent_.row(tile * kBlockTokens));
    });
    const Product product{{latent_.data, end - begin, s.kv_lora_rank, latent_.cols},
                          &kv_b_,
                          nullptr,
                          View{kv_.data, end - begin, kv_.cols}};
    linear_batch(context_, {&product, 1}, scratch_);
    context_.threads.for_each(s.n_heads * tiles, [&](std::int64_t i) {
      const std::int64_t tile = i % tiles;
      const std::int64_t row = tile * kBlockTokens;
      kernels_.expanded_tile(s, kv_.row(row) + i / tiles * s.kv_head_dim(), kv_.cols,
                             latent_.row(row) + s.kv_lora_rank, latent_.cols, count(tile),
                             tiles_.row(i));
    });
  }

  void attend(ConstView q, std::int64_t begin, std::int64_t end) {
    const MlaShape& s = shape();
    const Segment& segment = latents_.segment;
    const std::int64_t tiles = tiles_in(end - begin);
    // Rows before this strip do not see it.
    const std::int64_t first = std::max<std::int64_t>(0, begin - segment.position);
    const std::int64_t blocks = (rows_ - first + kTaskRows - 1) / kTaskRows;
    context_.threads.for_each(s.n_heads * blocks, [&](std::int64_t i) {
      const std::int64_t head = i / blocks;
      const std::int64_t row = first + i % blocks * kTaskRows;
      const std::int64_t at = head * rows_ + row;
      kernels_.expanded_attend({s, q.row(segment.row + row) + head * s.q_head_dim(), q.cols,
                                std::min(kTaskRows, rows_ - row), segment.position + row,
                                tiles_.row(head * tiles), begin, end,
                                &states_[static_cast<std::size_t>(at)], mixed_.row(at)});
    });
  }

  const Context& context_;
  MlaKernels kernels_;
  const LatentTiles& latents_;
  const Weight& kv_b_;
  Arena& scratch_;
  std::int64_t rows_;
  std::int64_t length_;
  std::int64_t strip_;              // positions
  View mixed_;                      // [n_heads, rows, expanded_value_width]
  std::span<SoftmaxState> states_;  // [n_heads, rows]
  View latent_;                     // [strip, kv_lora_rank + rope, padded]
  View kv_;                         // [strip, n_heads, nope + v]
  View tiles_;                      // [n_heads, tiles of the strip, expanded_tile_floats]
};

}  // namespace

void mla_expanded(const Context& context, const MlaShape& shape, const SequenceLayout& layout,
                  ConstView q, ConstView latent, const Weight& kv_b, CacheSlice cache, View out,
                  Arena& scratch) {
  check_mla(shape, layout, q, latent, out);
  const CachedLayout cached_layout(layout, cache, shape.cache_bytes());
  for (const CachedSegment& cached : cached_layout.segments()) {
    const LatentTiles latents{shape, cached.segment, cached.cache};
    store_latents(context, latents, latent);
    const Arena::Mark mark = scratch.mark();
    Expansion(context, latents, kv_b, scratch).run(q, out);
    scratch.release(mark);
  }
}

}  // namespace frugal::ops

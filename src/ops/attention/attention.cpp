#include "ops/attention/attention.h"

#include <algorithm>

#include "ops/attention/attention_kernels.h"

namespace frugal::ops {

namespace {

AttentionKernels kernels_for(const Context& context, CacheType type) {
  switch (context.isa) {
    case Isa::amx:
    case Isa::avx512:
      return attention_kernels_avx512(type);
    case Isa::avx2:
      return attention_kernels_avx2(type);
    case Isa::reference:
      break;
  }
  return attention_kernels_reference(type);
}

void store_segment(const Context& context, const AttentionShape& shape, const CachedSegment& cached,
                   ConstView k, ConstView v) {
  const Segment& segment = cached.segment;
  context.threads.parallel_for(segment.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t position = segment.position + i;
      const std::int32_t block = segment.blocks[static_cast<std::size_t>(position / kBlockTokens)];
      const KvTile tile{shape, cached.cache.block(block)};
      for (std::int64_t h = 0; h < shape.n_kv_heads; ++h) {
        const std::int64_t slot = position % kBlockTokens;
        const std::int64_t row = segment.row + i;
        store_numbers(tile.keys(h), slot, k.row(row) + h * shape.head_dim, shape.head_dim);
        store_numbers(tile.values(h), slot, v.row(row) + h * shape.value_dim(), shape.value_dim());
      }
    }
  });
}

}  // namespace

std::int64_t AttentionShape::cache_bytes() const {
  return n_kv_heads * (KvTile::key_bytes(*this) + KvTile::value_bytes(*this));
}

void attention(const Context& context, const AttentionShape& shape, const SequenceLayout& layout,
               ConstView q, ConstView k, ConstView v, CacheSlice cache, View out) {
  require(shape.n_kv_heads > 0 && shape.n_heads % shape.n_kv_heads == 0 &&
              q.cols == shape.n_heads * shape.head_dim &&
              k.cols == shape.n_kv_heads * shape.head_dim &&
              v.cols == shape.n_kv_heads * shape.value_dim() &&
              out.cols == shape.n_heads * shape.value_dim() && shape.head_dim > 0 &&
              shape.value_dim() <= kJobFloats,
          "attention: {} heads and {} kv heads of {} and {} do not fit q [{}, {}], k [{}, {}], "
          "v [{}, {}]",
          shape.n_heads, shape.n_kv_heads, shape.head_dim, shape.value_dim(), q.rows, q.cols,
          k.rows, k.cols, v.rows, v.cols);
  require(q.rows == layout.rows && k.rows == layout.rows && v.rows == layout.rows &&
              out.rows == layout.rows,
          "attention: q has {} rows, the layout {}", q.rows, layout.rows);
  const AttentionKernels kernels = kernels_for(context, shape.cache);
  const CachedLayout cached_layout(layout, cache, shape.cache_bytes());
  for (const CachedSegment& cached : cached_layout.segments()) {
    store_segment(context, shape, cached, k, v);
    const std::int64_t queries = cached.segment.rows * (shape.n_heads / shape.n_kv_heads);
    // Small enough that every thread gets some.
    const std::int64_t share =
        (queries * shape.n_kv_heads + context.threads.size() - 1) / context.threads.size();
    const std::int64_t step = std::min(queries_at_once(shape), share);
    const std::int64_t parts = (queries + step - 1) / step;
    context.threads.for_each(parts * shape.n_kv_heads, [&](std::int64_t task) {
      // The last queries see most, so they come first and the rest fills the gaps.
      const std::int64_t first = (parts - 1 - task / shape.n_kv_heads) * step;
      kernels.attend({shape, cached.segment, cached.cache, task % shape.n_kv_heads, first,
                      std::min(step, queries - first), q.data, out.data});
    });
  }
}

}  // namespace frugal::ops

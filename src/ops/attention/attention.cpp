#include "ops/attention/attention.h"

#include "ops/attention/attention_kernels.h"

namespace frugal::ops {

std::int64_t AttentionShape::cache_bytes() const {
  return 2 * kBlockTokens * n_kv_heads * head_dim * static_cast<std::int64_t>(sizeof(float));
}

void attention(const Context& context, const AttentionShape& shape, const SequenceLayout& layout,
               ConstView q, ConstView k, ConstView v, CacheSlice cache, View out) {
  const std::int64_t width = shape.n_kv_heads * shape.head_dim;
  require(shape.n_kv_heads > 0 && shape.n_heads % shape.n_kv_heads == 0 &&
              q.cols == shape.n_heads * shape.head_dim && k.cols == width && v.cols == width &&
              out.cols == q.cols,
          "attention: {} heads and {} kv heads of {} do not fit q [{}, {}], k [{}, {}]",
          shape.n_heads, shape.n_kv_heads, shape.head_dim, q.rows, q.cols, k.rows, k.cols);
  require(q.rows == layout.rows && k.rows == layout.rows && v.rows == layout.rows &&
              out.rows == layout.rows,
          "attention: q has {} rows, the layout {}", q.rows, layout.rows);
  const std::int64_t v_offset = kBlockTokens * width;
  store_rows(layout, k.data, width, cache, 0);
  store_rows(layout, v.data, width, cache, v_offset);
  const AttendRow attend = context.isa == Isa::reference ? attend_row_reference : attend_row_avx2;
  const std::int64_t group = shape.n_heads / shape.n_kv_heads;
  for (const Segment& segment : layout.segments) {
    const Tiles k_tiles{segment, k.data, cache, width, 0};
    const Tiles v_tiles{segment, v.data, cache, width, v_offset};
    // Heads outermost: later rows are longer, so threads that split heads have equal work.
    context.threads.parallel_for(
        shape.n_heads * segment.rows, 1, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t head = i / segment.rows;
            const std::int64_t row = segment.row + i % segment.rows;
            const std::int64_t at = head * shape.head_dim;
            attend(shape, q.row(row) + at, k_tiles, v_tiles, head / group * shape.head_dim,
                   segment.position + i % segment.rows + 1, out.row(row) + at);
          }
        });
  }
}

}  // namespace frugal::ops

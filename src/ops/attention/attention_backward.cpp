#include "ops/attention/attention_backward.h"

#include <algorithm>
#include <atomic>

#include "ops/attention/head_backward.h"

namespace frugal::ops {

void attention_backward(const Context& context, const AttentionShape& shape,
                        const SequenceLayout& layout, ConstView q, ConstView k, ConstView v,
                        ConstView d_out, const Gradient& dq, const Gradient& dk, const Gradient& dv,
                        Arena& scratch) {
  require(q.rows == layout.rows && q.size() == d_out.size() && q.size() == dq.view.size() &&
              k.size() == dk.view.size() && v.size() == dv.view.size(),
          "attention_backward: q [{}, {}] and d_out [{}, {}] do not fit", q.rows, q.cols,
          d_out.rows, d_out.cols);
  const std::int64_t group = shape.n_heads / shape.n_kv_heads;
  // A task is a sequence's key and value head with the query heads that share it, in their order.
  const auto tasks = static_cast<std::int64_t>(layout.segments.size()) * shape.n_kv_heads;
  std::int64_t longest = 0;
  for (const Segment& segment : layout.segments) longest = std::max(longest, segment.rows);
  const Arena::Mark mark = scratch.mark();
  const View own =
      scratch.matrix(context.threads.size(), head_scratch(longest, shape.head_dim, shape.head_dim));
  std::atomic<std::int64_t> next{0};
  context.threads.run([&](int thread) {
    for (std::int64_t task = next.fetch_add(1); task < tasks; task = next.fetch_add(1)) {
      const Segment& segment = layout.segments[static_cast<std::size_t>(task / shape.n_kv_heads)];
      require(segment.blocks.empty(), "attention_backward: a segment with a cache");
      const std::int64_t kv_at = task % shape.n_kv_heads * shape.head_dim;
      const std::int64_t row = segment.row;
      for (std::int64_t h = 0; h < group; ++h) {
        const std::int64_t at = kv_at * group + h * shape.head_dim;
        const HeadPart part = {shape.head_dim,           q.row(row) + at, q.cols,
                               k.row(row) + kv_at,       k.cols,          dq.view.row(row) + at,
                               dk.view.row(row) + kv_at, k.cols};
        const HeadValues values = {shape.head_dim, v.row(row) + kv_at,  dv.view.row(row) + kv_at,
                                   v.cols,         d_out.row(row) + at, d_out.cols};
        head_backward(context.isa,
                      {segment.rows,
                       shape.scale,
                       {&part, 1},
                       values,
                       dq.accumulate,
                       h > 0 || dk.accumulate,
                       h > 0 || dv.accumulate},
                      own.row(thread));
      }
    }
  });
  scratch.release(mark);
}

}  // namespace frugal::ops

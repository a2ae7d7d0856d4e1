#include "ops/embedding/embedding_backward.h"

namespace frugal::ops {

void embedding_backward(const Context& context, std::span<const std::int32_t> tokens, ConstView dy,
                        View d_table) {
  require(static_cast<std::int64_t>(tokens.size()) == dy.rows && dy.cols == d_table.cols,
          "embedding_backward: {} tokens for [{}, {}]", tokens.size(), dy.rows, dy.cols);
  // A token may come many times: threads take columns, so that each sum keeps its order.
  context.threads.parallel_for(dy.cols, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = 0; t < dy.rows; ++t) {
      float* row = d_table.row(tokens[static_cast<std::size_t>(t)]);
      for (std::int64_t c = begin; c < end; ++c) row[c] += dy.row(t)[c];
    }
  });
}

}  // namespace frugal::ops

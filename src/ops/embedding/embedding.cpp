#include "ops/embedding/embedding.h"

namespace frugal::ops {

void embedding(const Context& context, const Weight& table, std::span<const std::int32_t> tokens,
               View out) {
  require(static_cast<std::int64_t>(tokens.size()) == out.rows && table.k == out.cols,
          "embedding: {} tokens of width {} do not fit [{}, {}]", tokens.size(), table.k, out.rows,
          out.cols);
  for (const std::int32_t token : tokens) {
    require(token >= 0 && token < table.n, "token id {} is outside the vocabulary of {}", token,
            table.n);
  }
  context.threads.parallel_for(out.rows, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      table.decode(tokens[static_cast<std::size_t>(t)], 0,
                   {out.row(t), static_cast<std::size_t>(out.cols)});
    }
  });
}

}  // namespace frugal::ops

#include "ops/cross_entropy/head_chunks.h"

#include <algorithm>
#include <cstring>

#include "ops/cross_entropy/cross_entropy.h"
#include "ops/gemm/gemm.h"
#include "ops/vector_math.h"

namespace frugal::ops {

namespace {

// Logits in memory at a time: 16 MiB, but never so few rows that the products become slow.
constexpr std::int64_t kChunkLogits = 4 << 20;
constexpr std::int64_t kFewestRows = 96;

}  // namespace

std::vector<std::int64_t> learned_rows(std::span<const std::int32_t> targets, std::int64_t vocab) {
  std::vector<std::int64_t> rows;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (targets[t] == kIgnored) continue;
    require(targets[t] >= 0 && targets[t] < vocab, "target {} is outside the vocabulary of {}",
            targets[t], vocab);
    rows.push_back(static_cast<std::int64_t>(t));
  }
  return rows;
}

void gather_rows(ConstView x, std::span<const std::int64_t> rows, View out) {
  const auto row_bytes = static_cast<std::size_t>(x.cols) * sizeof(float);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(out.row(static_cast<std::int64_t>(i)), x.row(rows[i]), row_bytes);
  }
}

void for_each_chunk(const Context& context, const HeadPass& pass,
                    std::span<const std::int64_t> rows, bool backward, const VisitLogits& visit,
                    Arena& scratch) {
  const VectorMath& math = vector_math(context.isa);
  const auto count = std::ssize(rows);
  const std::int64_t chunk = std::min(count, std::max(kFewestRows, kChunkLogits / pass.head.rows));
  const Arena::Mark mark = scratch.mark();
  const View logits = scratch.matrix(chunk, pass.head.rows);  // then their gradients
  const View inputs = scratch.matrix(chunk, pass.hidden.cols);
  const View d_inputs = scratch.matrix(chunk, pass.hidden.cols);
  for (std::int64_t first = 0; first < count; first += chunk) {
    const std::int64_t size = std::min(chunk, count - first);
    const auto now = rows.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size));
    const View x = {inputs.data, size, inputs.cols};
    const View z = {logits.data, size, logits.cols};
    const View dx = {d_inputs.data, size, d_inputs.cols};
    gather_rows(pass.hidden, now, x);
    gemm(context, product(factor(x), transpose(pass.head), x.cols, z, false));
    visit(now, z);
    if (!backward) continue;
    if (pass.d_head.data != nullptr) {
      gemm(context, product(transpose(z), factor(x), size, pass.d_head, true));
    }
    if (pass.d_hidden.data == nullptr) continue;
    gemm(context, product(factor(z), factor(pass.head), z.cols, dx, false));
    for (std::int64_t i = 0; i < size; ++i) {
      math.axpy(1.0F, dx.row(i), pass.d_hidden.row(now[static_cast<std::size_t>(i)]), dx.cols);
    }
  }
  scratch.release(mark);
}

}  // namespace frugal::ops

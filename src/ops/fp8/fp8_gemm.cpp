#include "ops/fp8/fp8_gemm.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <vector>

#include "ops/fp8/fp8_promoted.h"
#include "ops/fp8/short_sum.h"
#include "ops/gemm/gemm.h"

namespace frugal::ops {

namespace {

// A task's share of the result: its sums of 128 terms (96 KiB) stay in the second cache.
constexpr std::int64_t kTaskRows = 96;
constexpr std::int64_t kTaskCols = 256;
// With tiles a task takes all columns, so that each row is packed once.
constexpr std::int64_t kTileTaskRows = 512;

std::int64_t rows_of(const Fp8Factor& f) {
  return f.transposed ? f.operand->values.cols : f.operand->values.rows;
}

void check(const Fp8Gemm& g) {
  require(rows_of(g.a) == g.c.rows && rows_of(g.b) == g.c.cols && depth_of(g.a) == depth_of(g.b),
          "fp8_gemm: [{}, {}] times the transpose of [{}, {}] does not give [{}, {}]", rows_of(g.a),
          depth_of(g.a), rows_of(g.b), depth_of(g.b), g.c.rows, g.c.cols);
  for (const Fp8Factor& f : {g.a, g.b}) {
    const Fp8Blocks& blocks = f.operand->blocks;
    require((f.transposed ? blocks.rows : blocks.cols) == kFp8Depth,
            "fp8_gemm: an operand in blocks of {} x {} has none of {} along the sum", blocks.rows,
            blocks.cols, kFp8Depth);
  }
}

float value_of(const Fp8Factor& f, std::int64_t row, std::int64_t k) {
  return f.transposed ? f.operand->values.row(k)[row] : f.operand->values.row(row)[k];
}

// Rows from `row`, terms from `k`, as gemm() reads a, or b when `as_columns`.
Factor part(const Fp8Factor& f, std::int64_t row, std::int64_t k, bool as_columns) {
  const View values = f.operand->values;
  const float* data = f.transposed ? values.row(k) + row : values.row(row) + k;
  return {data, values.cols, f.transposed != as_columns};
}

void promoted(Isa isa, const Fp8Task& t, std::vector<float>& sums) {
  const Fp8Gemm& g = *t.product;
  std::array<float, kTaskCols> col_scales;
  for (std::int64_t k = 0; k < depth_of(g.a); k += kFp8Depth) {
    const std::int64_t block = k / kFp8Depth;
    const std::int64_t depth = std::min(kFp8Depth, depth_of(g.a) - k);
    gemm_serial(isa,
                {t.rows, t.cols, depth, part(g.a, t.row, k, false), part(g.b, t.col, k, true),
                 sums.data(), t.cols, false},
                isa == Isa::reference ? Factors::bf16 : Factors::f32);
    for (std::int64_t j = 0; j < t.cols; ++j) {
      col_scales[static_cast<std::size_t>(j)] = scale_of(g.b, t.col + j, block);
    }
    for (std::int64_t i = 0; i < t.rows; ++i) {
      const float row_scale = scale_of(g.a, t.row + i, block);
      const float* sum = sums.data() + i * t.cols;  // [cols]
      float* c = g.c.row(t.row + i) + t.col;        // [cols]
      for (std::int64_t j = 0; j < t.cols; ++j) {
        c[j] += sum[j] * (row_scale * col_scales[static_cast<std::size_t>(j)]);
      }
    }
  }
}

// The scales enter term by term, so that one sum can go on across blocks.
float short_sum(const Fp8Gemm& g, std::int64_t i, std::int64_t j, bool promote) {
  const std::int64_t depth = depth_of(g.a);
  float total = 0;
  float sum = 0;
  for (std::int64_t k = 0; k < depth; k += kShortGroup) {
    if (promote && k % kFp8Depth == 0) {
      total += sum;
      sum = 0;
    }
    const std::int64_t count = std::min(kShortGroup, depth - k);
    const float scale = scale_of(g.a, i, k / kFp8Depth) * scale_of(g.b, j, k / kFp8Depth);
    std::array<float, kShortGroup> terms;
    for (std::int64_t n = 0; n < count; ++n) {
      terms[static_cast<std::size_t>(n)] =
          value_of(g.a, i, k + n) * value_of(g.b, j, k + n) * scale;
    }
    sum = add_short(sum, std::span(terms).first(static_cast<std::size_t>(count)));
  }
  return total + sum;
}

void run(Isa isa, const Fp8Task& t, Fp8Sums kind, std::vector<float>& sums) {
  const Fp8Gemm& g = *t.product;
  if (isa == Isa::amx && kind == Fp8Sums::promoted) return fp8_promoted_amx(t);
  for (std::int64_t i = 0; !g.accumulate && i < t.rows; ++i) {
    std::fill_n(g.c.row(t.row + i) + t.col, t.cols, 0.0F);
  }
  if (kind == Fp8Sums::promoted) return promoted(isa, t, sums);
  for (std::int64_t i = t.row; i < t.row + t.rows; ++i) {
    for (std::int64_t j = t.col; j < t.col + t.cols; ++j) {
      g.c.row(i)[j] += short_sum(g, i, j, kind == Fp8Sums::short_promoted);
    }
  }
}

}  // namespace

void fp8_gemm(const Context& context, std::span<const Fp8Gemm> products, Fp8Sums sums) {
  const bool tiles = context.isa == Isa::amx && sums == Fp8Sums::promoted;
  std::vector<Fp8Task> tasks;
  for (const Fp8Gemm& g : products) {
    check(g);
    const std::int64_t rows = tiles ? kTileTaskRows : kTaskRows;
    const std::int64_t cols = tiles ? g.c.cols : kTaskCols;
    for (std::int64_t row = 0; row < g.c.rows; row += rows) {
      for (std::int64_t col = 0; col < g.c.cols; col += cols) {
        tasks.push_back(
            {&g, row, std::min(rows, g.c.rows - row), col, std::min(cols, g.c.cols - col)});
      }
    }
  }
  // Who computes a task does not change it, so the threads take them as they come.
  std::atomic<std::size_t> next{0};
  context.threads.run([&](int) {
    std::vector<float> scratch(tiles ? 0 : kTaskRows * kTaskCols);  // [rows, cols] of a task
    for (std::size_t i = next.fetch_add(1); i < tasks.size(); i = next.fetch_add(1)) {
      run(context.isa, tasks[i], sums, scratch);
    }
  });
}

}  // namespace frugal::ops

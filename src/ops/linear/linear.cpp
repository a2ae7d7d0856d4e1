#include "ops/linear/linear.h"

#include <algorithm>
#include <vector>

#include "ops/gemm/gemm.h"
#include "ops/linear/inputs.h"

namespace frugal::ops {

namespace {

void check(const Product& p) {
  const Weight& w = *p.w;
  const auto rows = p.rows.empty() ? p.x.rows : static_cast<std::int64_t>(p.rows.size());
  require(p.x.cols == w.k && p.y.cols == w.n && rows == p.y.rows,
          "linear: [{}, {}] times the transpose of [{}, {}] does not give [{}, {}]", rows, p.x.cols,
          w.n, w.k, p.y.rows, p.y.cols);
}

// Outputs that one call of a kernel computes at least.
std::int64_t part_rows(const Weight& w) {
  return w.layout == WeightLayout::rows ? kBandRows : kPanelRows;
}

void multiply(const LinearKernels& kernels, const Input& input, const Product& p,
              std::int64_t begin, std::int64_t end) {
  if (p.w->layout == WeightLayout::rows) {
    kernels.rows(input.x, *p.w, p.bias, p.y, begin * kBandRows, std::min(end * kBandRows, p.w->n));
  } else if (multiplies_levels(*p.w)) {
    kernels.levels(p.w->dtype)({input.blocks, p.w, p.bias, p.y}, begin, end);
  } else {
    kernels.floats(p.w->dtype)({input.x, p.w, p.bias, p.y}, begin, end);
  }
}

// From here on a product of plain floats, as training has them, pays for the packing of gemm().
constexpr std::int64_t kFewestGemmRows = 8;

bool pays_for_gemm(const Product& p) {
  return p.w->layout == WeightLayout::rows && p.w->dtype == DType::f32 &&
         p.y.rows >= kFewestGemmRows;
}

void multiply_floats(const Context& context, std::span<const Product> products,
                     const Inputs& inputs) {
  std::vector<Gemm> gemms;
  for (std::size_t i = 0; i < products.size(); ++i) {
    const Product& p = products[i];
    if (!pays_for_gemm(p)) continue;
    const StridedView<const float> x = inputs.of(i).x;
    gemms.push_back({p.y.rows,
                     p.w->n,
                     p.w->k,
                     {x.data, x.stride},
                     transpose(p.w->floats()),
                     p.y.data,
                     p.y.stride});
  }
  if (gemms.empty()) return;
  gemm_batch(context, gemms);
  for (const Product& p : products) {
    if (pays_for_gemm(p) && p.bias != nullptr) add_bias(context, p.bias, p.y);
  }
}

// Parts [begin, end) of a product: what a thread takes at a time.
struct Chunk {
  std::size_t product;
  std::int64_t begin;
  std::int64_t end;
};

// Chunks in the order in which weights lie in memory; so small that no thread waits long for the
// last one, and so large that reading in order pays.
std::vector<Chunk> cut(std::span<const Product> products, int threads) {
  constexpr std::int64_t kChunksPerThread = 16;
  constexpr std::int64_t kFewestBytes = 128 << 10;
  const auto parts = [](const Product& p) {
    return pays_for_gemm(p) ? 0 : (p.w->n + part_rows(*p.w) - 1) / part_rows(*p.w);
  };
  const auto part_work = [](const Product& p) {
    return part_rows(*p.w) * p.w->k * std::max<std::int64_t>(p.y.rows, 1);
  };
  std::int64_t total = 0;  // multiply-adds
  for (const Product& p : products) total += parts(p) * part_work(p);
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < products.size(); ++i) {
    const Product& p = products[i];
    const std::int64_t all = parts(p);
    const std::int64_t fewest = kFewestBytes / (part_rows(*p.w) * row_bytes(p.w->dtype, p.w->k));
    const std::int64_t fair = total / (threads * kChunksPerThread) / part_work(p);
    const std::int64_t most = threads == 1 ? all : std::max<std::int64_t>({fewest, fair, 1});
    // As even as can be, and even numbers, since kernels take panels by twos.
    const std::int64_t count = all == 0 ? 0 : (all + most - 1) / most;
    for (std::int64_t c = 0; c < count; ++c) {
      const std::int64_t begin = all * c / count / 2 * 2;
      const std::int64_t end = c + 1 == count ? all : all * (c + 1) / count / 2 * 2;
      if (begin < end) chunks.push_back({i, begin, end});
    }
  }
  return chunks;
}

}  // namespace

void add_bias(const Context& context, const float* bias, StridedView<float> y) {
  context.threads.parallel_for(y.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::int64_t n = 0; n < y.cols; ++n) y.row(t)[n] += bias[n];
    }
  });
}

LinearKernels linear_kernels(Isa isa) {
  switch (isa) {
    case Isa::amx:
    case Isa::avx512:
      return linear_kernels_avx512();
    case Isa::avx2:
      return linear_kernels_avx2();
    case Isa::reference:
      break;
  }
  return linear_kernels_reference();
}

void linear(const Context& context, ConstView x, const Weight& w, const float* bias, View y) {
  const Product product{x, &w, bias, y};
  Arena scratch(0);
  linear_batch(context, {&product, 1}, scratch);
}

void linear_batch(const Context& context, std::span<const Product> products, Arena& scratch) {
  const LinearKernels kernels = linear_kernels(context.isa);
  for (const Product& p : products) check(p);
  const Arena::Mark mark = scratch.mark();
  Inputs inputs(products, scratch);
  inputs.prepare(context.threads, kernels.quantize);
  multiply_floats(context, products, inputs);
  const std::vector<Chunk> chunks = cut(products, context.threads.size());
  context.threads.for_each(std::ssize(chunks), [&](std::int64_t i) {
    const Chunk& chunk = chunks[static_cast<std::size_t>(i)];
    multiply(kernels, inputs.of(chunk.product), products[chunk.product], chunk.begin, chunk.end);
  });
  scratch.release(mark);
}

}  // namespace frugal::ops

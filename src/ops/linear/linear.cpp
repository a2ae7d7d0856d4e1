#include "ops/linear/linear.h"

#include "ops/gemm/gemm.h"
#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

namespace {

// Rows [T, k] as blocks [T, k / 32].
Buffer quantize(const Context& context, QuantizeRow quantize_row, ConstView x) {
  const std::int64_t groups = x.cols / kGroup;
  Buffer buffer(static_cast<std::size_t>(x.rows * groups) * sizeof(ActivationBlock), "activations");
  auto* blocks = buffer.as<ActivationBlock>();
  context.threads.parallel_for(x.rows, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) quantize_row(x.row(t), groups, blocks + t * groups);
  });
  return buffer;
}

void add_bias(const Context& context, const float* bias, View y) {
  context.threads.parallel_for(y.rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      for (std::int64_t n = 0; n < y.cols; ++n) y.row(t)[n] += bias[n];
    }
  });
}

// From here on a product of plain floats, as training has them, pays for the packing of gemm().
constexpr std::int64_t kFewestGemmRows = 8;

}  // namespace

LinearKernels linear_kernels(Isa isa) {
  switch (isa) {
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
  require(x.cols == w.k && y.cols == w.n && x.rows == y.rows,
          "linear: [{}, {}] times the transpose of [{}, {}] does not give [{}, {}]", x.rows, x.cols,
          w.n, w.k, y.rows, y.cols);
  const LinearKernels kernels = linear_kernels(context.isa);
  if (w.layout == WeightLayout::rows && w.dtype == DType::f32 && x.rows >= kFewestGemmRows) {
    gemm(context, product(factor(x), transpose(w.floats()), w.k, y, false));
    if (bias != nullptr) add_bias(context, bias, y);
    return;
  }
  if (w.layout == WeightLayout::rows) {
    context.threads.parallel_for(w.n, kBandRows, [&](std::int64_t begin, std::int64_t end) {
      kernels.rows(x, w, bias, y, begin, end);
    });
    return;
  }
  const std::int64_t panels = panel_count(w.n);
  if (!is_block_type(w.dtype)) {
    const FloatProduct product{x, &w, bias, y};
    const MultiplyFloats multiply = kernels.floats(w.dtype);
    context.threads.parallel_for(
        panels, 1, [&](std::int64_t begin, std::int64_t end) { multiply(product, begin, end); });
    return;
  }
  const Buffer blocks = quantize(context, kernels.quantize, x);
  const LevelProduct product{blocks.as<ActivationBlock>(), &w, bias, y};
  const MultiplyLevels multiply = kernels.levels(w.dtype);
  context.threads.parallel_for(
      panels, 1, [&](std::int64_t begin, std::int64_t end) { multiply(product, begin, end); });
}

}  // namespace frugal::ops

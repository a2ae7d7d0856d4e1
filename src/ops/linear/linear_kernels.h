// The kernels behind linear(), one set per instruction set.
#pragma once

#include "base/cpu.h"
#include "ops/linear/activations.h"
#include "ops/panel/panel.h"
#include "ops/weight.h"

namespace frugal::ops {

/// Weights by rows, of any dtype: y[:, begin .. end) for outputs [begin, end), begin a multiple of
/// kBandRows. Each output is one chain of fused multiply-adds along k.
using MultiplyRows = void (*)(StridedView<const float> x, const Weight& w, const float* bias,
                              StridedView<float> y, std::int64_t begin, std::int64_t end);

/// Weight rows that a kernel decodes together, and values along k that it decodes at a time: the
/// decoded band (32 KiB) stays in the first cache while all rows of x pass by.
inline constexpr std::int64_t kBandRows = 32;
inline constexpr std::int64_t kBandDepth = 256;

/// A product with a packed weight of a float type.
struct FloatProduct {
  StridedView<const float> x;  // [T, k]
  const Weight* w;             // [n, k], in panels
  const float* bias;           // [n] or nullptr
  StridedView<float> y;        // [T, n]
};

/// Computes the outputs of panels [begin, end). Each output is one chain of fused multiply-adds
/// along k, with the bits that weights by rows give.
using MultiplyFloats = void (*)(const FloatProduct& product, std::int64_t begin, std::int64_t end);

/// A product with a packed weight of a block type.
struct LevelProduct {
  const ActivationBlock* x;  // [T, k / 32]
  const Weight* w;           // [n, k], in panels
  const float* bias;         // [n] or nullptr
  StridedView<float> y;      // [T, n]

  const std::byte* panel(std::int64_t p) const { return w->data + p * panel_bytes(w->dtype, w->k); }
};

/// Computes the outputs of panels [begin, end). Each output is one chain along k: for every group
/// the whole-number product of levels and activations, exact, enters by one fused multiply-add with
/// the product of both scales, then the minimum, if the format has one, by another.
using MultiplyLevels = void (*)(const LevelProduct& product, std::int64_t begin, std::int64_t end);

struct LinearKernels {
  MultiplyRows rows;
  MultiplyFloats (*floats)(DType dtype);
  QuantizeRow quantize;
  MultiplyLevels (*levels)(DType dtype);
};

LinearKernels linear_kernels(Isa isa);
LinearKernels linear_kernels_reference();
LinearKernels linear_kernels_avx2();
LinearKernels linear_kernels_avx512();

/// These are the same for all wide instruction sets.
void multiply_rows_avx2(StridedView<const float> x, const Weight& w, const float* bias,
                        StridedView<float> y, std::int64_t begin, std::int64_t end);
void quantize_row_avx2(const float* values, std::int64_t groups, ActivationBlock* blocks);

}  // namespace frugal::ops

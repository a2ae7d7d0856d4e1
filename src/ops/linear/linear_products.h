// The three products of a linear layer in training, in the precision that the run asks for.
#pragma once

#include <deque>
#include <vector>

#include "ops/fp8/fp8_gemm.h"
#include "ops/gemm/gemm.h"
#include "ops/linear/linear.h"

namespace frugal::ops {

/// How the products of linear layers and experts are computed in training. Everything else
/// (embedding, head, gates, norms, attention) stays in float32, master weights and gradients too.
enum class Precision {
  f32,
  bf16,                // factors rounded to bfloat16
  fp8,                 // E4M3 operands, sums promoted every 128 terms
  fp8_short_promoted,  // the same with the sums of a tensor core, see Fp8Sums
  fp8_short,           // and without promotion
};

/// Collects products whose results do not overlap, so that the threads share them all. x [T, k],
/// w [n, k], y [T, n]. What they refer to must live until run().
class LinearProducts {
 public:
  /// Rounded operands of FP8 lie in `scratch` until run() has ended.
  LinearProducts(const Context& context, Precision precision, Arena& scratch)
      : context_(context), precision_(precision), scratch_(scratch) {}

  /// y = x w^T (Fprop).
  void forward(ConstView x, ConstView w, View y);
  /// dx = dy w, or dx += dy w (Dgrad).
  void backward(ConstView dy, ConstView w, View dx, bool accumulate);
  /// dw += dy^T x (Wgrad).
  void weight(ConstView dy, ConstView x, View dw);

  void run();

 private:
  bool fp8() const { return precision_ != Precision::f32 && precision_ != Precision::bf16; }
  const Fp8Operand* quantize(ConstView x, Fp8Blocks blocks, float least = kFp8Least);

  const Context& context_;
  Precision precision_;
  Arena& scratch_;
  Arena::Mark mark_;  // before the first of operands_
  std::vector<Gemm> products_;
  std::vector<Fp8Gemm> fp8_products_;
  struct Quantized {
    const float* from;
    Fp8Operand operand;
  };
  std::deque<Quantized> operands_;  // a deque, since products point into it
};

/// linear_batch() over float weights in another precision than float32.
void linear_batch_rounded(const Context& context, std::span<const Product> products,
                          Precision precision, Arena& scratch);

}  // namespace frugal::ops

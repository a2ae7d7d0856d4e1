#include "ops/linear/linear_products.h"

namespace frugal::ops {

const Fp8Operand* LinearProducts::quantize(ConstView x, Fp8Blocks blocks, float least) {
  for (const Quantized& q : operands_) {
    if (q.from == x.data && q.operand.blocks.rows == blocks.rows &&
        q.operand.blocks.cols == blocks.cols && q.operand.values.rows == x.rows &&
        q.operand.values.cols == x.cols) {
      return &q.operand;
    }
  }
  if (operands_.empty()) mark_ = scratch_.mark();
  operands_.push_back({x.data, quantize_fp8(context_, x, blocks, scratch_, least)});
  return &operands_.back().operand;
}

void LinearProducts::forward(ConstView x, ConstView w, View y) {
  if (x.rows == 0) return;
  if (!fp8()) {
    products_.push_back(product(factor(x), transpose(w), w.cols, y, false));
    return;
  }
  fp8_products_.push_back(
      {{quantize(x, kFp8Rows), false}, {quantize(w, kFp8Squares), false}, y, false});
}

void LinearProducts::backward(ConstView dy, ConstView w, View dx, bool accumulate) {
  if (dy.rows == 0) return;
  if (!fp8()) {
    products_.push_back(product(factor(dy), factor(w), w.rows, dx, accumulate));
    return;
  }
  fp8_products_.push_back(
      {{quantize(dy, kFp8Rows, kFp8LeastOfGradients), false},
       {quantize(w, kFp8Squares), true},
       dx,
       accumulate});
}

void LinearProducts::weight(ConstView dy, ConstView x, View dw) {
  if (dw.data == nullptr || dy.rows == 0) return;
  if (!fp8()) {
    products_.push_back(product(transpose(dy), factor(x), x.rows, dw, true));
    return;
  }
  fp8_products_.push_back(
      {{quantize(dy, kFp8Cols, kFp8LeastOfGradients), true},
       {quantize(x, kFp8Cols), true},
       dw,
       true});
}

void LinearProducts::run() {
  if (!fp8()) {
    gemm_batch(context_, products_, precision_ == Precision::bf16 ? Factors::bf16 : Factors::f32);
  } else {
    fp8_gemm(context_, fp8_products_,
             precision_ == Precision::fp8                  ? Fp8Sums::promoted
             : precision_ == Precision::fp8_short_promoted ? Fp8Sums::short_promoted
                                                           : Fp8Sums::short_only);
  }
  products_.clear();
  fp8_products_.clear();
  if (!operands_.empty()) scratch_.release(mark_);
  operands_.clear();
}

void linear_batch_rounded(const Context& context, std::span<const Product> products,
                          Precision precision, Arena& scratch) {
  LinearProducts collected(context, precision, scratch);
  for (const Product& p : products) {
    require(p.x.stride == p.x.cols && p.y.stride == p.y.cols && p.rows.empty(),
            "linear: products of rounded values want packed rows");
    collected.forward({p.x.data, p.x.rows, p.x.cols}, p.w->floats(),
                      {p.y.data, p.y.rows, p.y.cols});
  }
  collected.run();
  for (const Product& p : products) {
    if (p.bias != nullptr) add_bias(context, p.bias, p.y);
  }
}

}  // namespace frugal::ops

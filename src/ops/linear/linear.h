// y = x W^T + b: the product that almost all time is spent in.
#pragma once

#include <span>

#include "ops/context.h"
#include "ops/weight.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// One product: x [T, k], w [n, k], bias [n] or nullptr, y [T, n].
struct Product {
  StridedView<const float> x;
  const Weight* w;
  const float* bias;
  StridedView<float> y;
  /// Picks the rows of x that count, one for each row of y; empty when they are all of x's.
  std::span<const std::int64_t> rows = {};
};

/// Each output is one chain along k in ascending order, then the bias: the same bits for any T, any
/// number of threads and any instruction set. With floats and FP8, and with weights by rows of any
/// type, the chain is one of fused multiply-adds of values. With packed block types it goes by
/// groups of 32: x is rounded to eight bits (ops/linear/activations.h), the product of a group is
/// exact, and the scales enter by one fused multiply-add. Throws Error when shapes do not match.
void linear(const Context& context, ConstView x, const Weight& w, const float* bias, View y);

/// Several products, none of which reads what another writes. They share the threads, so that small
/// ones cost no waiting in between, and round an x that they have in common once.
void linear_batch(const Context& context, std::span<const Product> products, Arena& scratch);

/// y[t] += bias for every row.
void add_bias(const Context& context, const float* bias, StridedView<float> y);

}  // namespace frugal::ops

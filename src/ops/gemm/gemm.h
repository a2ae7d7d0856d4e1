// Products of float matrices of any size and transposition: where training spends its time.
#pragma once

#include <span>

#include "ops/context.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// A factor as it lies in memory: rows of consecutive values, `stride` floats apart. Transposed, it
/// is read by columns.
struct Factor {
  const float* data = nullptr;
  std::int64_t stride = 0;
  bool transposed = false;
};

/// The whole of x as a factor, or its transpose.
inline Factor factor(ConstView x) { return {x.data, x.cols, false}; }
inline Factor transpose(ConstView x) { return {x.data, x.cols, true}; }

/// c = a b, or c += a b.
struct Gemm {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  Factor a;            // [m, k]; stored [k, m] when transposed
  Factor b;            // [k, n]; stored [n, k] when transposed
  float* c = nullptr;  // [m, n], rows c_stride floats apart
  std::int64_t c_stride = 0;
  bool accumulate = false;
};

/// What the values of both factors are rounded to, to nearest even; sums are float32 always.
enum class Factors {
  f32,
  bf16,  // subnormal numbers count as zeros
};

/// All threads work on one product. In float32 each value of c is one chain of fused multiply-adds
/// along k in ascending order, starting from 0 or, accumulating, from what c holds: the bits depend
/// on nothing else, and those of x W^T are those of linear(). In bfloat16 each 32 terms are two
/// chains, of the even terms and of the odd ones, whose sum is added to what there is, as tiles of
/// AMX do it; without them it is the chain of float32 over rounded values, and other bits. c
/// overlaps neither a nor b.
void gemm(const Context& context, const Gemm& product, Factors factors = Factors::f32);

/// Many products, whose results do not overlap, shared out among the threads.
void gemm_batch(const Context& context, std::span<const Gemm> products,
                Factors factors = Factors::f32);

/// The same product on the calling thread alone.
void gemm_serial(Isa isa, const Gemm& product, Factors factors = Factors::f32);

/// c = a b or c += a b for whole matrices, either of them transposed by transpose().
inline Gemm product(Factor a, Factor b, std::int64_t k, View c, bool accumulate) {
  return {c.rows, c.cols, k, a, b, c.data, c.cols, accumulate};
}

}  // namespace frugal::ops

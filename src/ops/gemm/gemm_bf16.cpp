// Products of factors rounded to bfloat16: the definition, and what machines without tiles do.
#include <cmath>
#include <cstring>
#include <limits>

#include "ops/gemm/gemm_blocked.h"
#include "tensor/float_bits.h"

namespace frugal::ops {

namespace {

constexpr std::int64_t kTerms = 32;  // of one addition to c

// Subnormal numbers count as zeros wherever they come up.
float flush(float value) {
  return std::fabs(value) < std::numeric_limits<float>::min() ? std::copysign(0.0F, value) : value;
}

float rounded(float value) { return bf16_to_float(float_to_bf16(flush(value))); }

// Zero beyond the terms that there are.
float value(const Factor& f, std::int64_t terms, std::int64_t output, std::int64_t term,
            bool rows_are_terms) {
  if (term >= terms) return 0;
  float result;
  std::memcpy(&result,
              f.data + (rows_are_terms ? term * f.stride + output : output * f.stride + term),
              sizeof(result));
  return rounded(result);
}

void reference(const Gemm& g) {
  for (std::int64_t i = 0; i < g.m; ++i) {
    for (std::int64_t j = 0; j < g.n; ++j) {
      float& c = g.c[i * g.c_stride + j];
      float sum = g.accumulate ? c : 0.0F;
      for (std::int64_t k0 = 0; k0 < g.k; k0 += kTerms) {
        float even = 0;
        float odd = 0;
        for (std::int64_t k = k0; k < k0 + kTerms; ++k) {
          float& chain = k % 2 == 0 ? even : odd;
          chain = flush(std::fmaf(value(g.a, g.k, i, k, g.a.transposed),
                                  value(g.b, g.k, j, k, !g.b.transposed), chain));
        }
        sum = flush(flush(sum) + flush(even + odd));
      }
      c = sum;
    }
  }
}

// A factor of `rows` stored rows of `cols` values, rounded into packed rows.
Factor round_factor(const Factor& f, std::int64_t rows, std::int64_t cols, float* out) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      float x;
      std::memcpy(&x, f.data + r * f.stride + c, sizeof(x));
      out[r * cols + c] = rounded(x);
    }
  }
  return {out, cols, f.transposed};
}

// The float kernel over rounded copies.
template <GemmKernel (*Kernel)()>
void run_rounded(const Gemm& g) {
  const PackBuffer<float> a(g.m * g.k);
  const PackBuffer<float> b(g.k * g.n);
  Gemm copy = g;
  copy.a = round_factor(g.a, g.a.transposed ? g.k : g.m, g.a.transposed ? g.m : g.k, a.data());
  copy.b = round_factor(g.b, g.b.transposed ? g.n : g.k, g.b.transposed ? g.k : g.n, b.data());
  Kernel().run(copy);
}

template <GemmKernel (*Kernel)()>
GemmKernel rounded_kernel() {
  const GemmKernel kernel = Kernel();
  return {kernel.tile_rows, kernel.tile_cols, run_rounded<Kernel>};
}

}  // namespace

GemmKernel gemm_bf16_reference() { return {1, 1, reference}; }
GemmKernel gemm_bf16_avx2() { return rounded_kernel<gemm_avx2>(); }
GemmKernel gemm_bf16_avx512() { return rounded_kernel<gemm_avx512>(); }

}  // namespace frugal::ops

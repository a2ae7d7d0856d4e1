#include <cmath>
#include <cstring>

#include "ops/gemm/gemm_kernels.h"

namespace frugal::ops {

namespace {

// Weights in a mapped file may lie anywhere.
float value(const Factor& f, std::int64_t row, std::int64_t col) {
  float result;
  std::memcpy(&result, f.data + (f.transposed ? col * f.stride + row : row * f.stride + col),
              sizeof(result));
  return result;
}

void run(const Gemm& g) {
  for (std::int64_t i = 0; i < g.m; ++i) {
    for (std::int64_t j = 0; j < g.n; ++j) {
      float& c = g.c[i * g.c_stride + j];
      float sum = g.accumulate ? c : 0.0F;
      for (std::int64_t k = 0; k < g.k; ++k) {
        sum = std::fmaf(value(g.a, i, k), value(g.b, k, j), sum);
      }
      c = sum;
    }
  }
}

}  // namespace

GemmKernel gemm_reference() { return {1, 1, run}; }

}  // namespace frugal::ops

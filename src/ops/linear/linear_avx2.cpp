#include <immintrin.h>

#include <algorithm>

#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

namespace {

constexpr std::int64_t kVectors = kPanelRows / 8;  // registers of 8 outputs in a panel

// Decodes rows [n0, n0 + rows) x [k0, k0 + depth) into panel [depth][kPanelRows], one output a
// lane.
void decode_panel(const Weight& w, std::int64_t n0, std::int64_t rows, std::int64_t k0,
                  std::int64_t depth, float* panel) {
  alignas(64) float values[8][kPanelDepth];
  for (std::int64_t r0 = 0; r0 < rows; r0 += 8) {
    const std::int64_t count = std::min<std::int64_t>(8, rows - r0);
    for (std::int64_t r = 0; r < count; ++r) {
      w.decode(n0 + r0 + r, k0, {values[r], static_cast<std::size_t>(depth)});
    }
    for (std::int64_t r = count; r < 8; ++r) std::fill_n(values[r], depth, 0.0F);
    for (std::int64_t k = 0; k < depth; ++k) {
      for (std::int64_t r = 0; r < 8; ++r) panel[k * kPanelRows + r0 + r] = values[r][k];
    }
  }
}

// acc[t][v] over `depth` values for Rows rows of x; sums [Rows][kPanelRows] carries them between
// pieces of k.
template <int Rows>
void multiply(const float* x, std::int64_t x_stride, const float* panel, std::int64_t depth,
              float* sums) {
  for (std::int64_t half = 0; half < kVectors; half += 2) {
    __m256 acc[Rows][2];
    for (int t = 0; t < Rows; ++t) {
      for (int v = 0; v < 2; ++v)
        acc[t][v] = _mm256_load_ps(sums + t * kPanelRows + (half + v) * 8);
    }
    for (std::int64_t k = 0; k < depth; ++k) {
      const __m256 w0 = _mm256_load_ps(panel + k * kPanelRows + half * 8);
      const __m256 w1 = _mm256_load_ps(panel + k * kPanelRows + half * 8 + 8);
      for (int t = 0; t < Rows; ++t) {
        const __m256 value = _mm256_broadcast_ss(x + t * x_stride + k);
        acc[t][0] = _mm256_fmadd_ps(value, w0, acc[t][0]);
        acc[t][1] = _mm256_fmadd_ps(value, w1, acc[t][1]);
      }
    }
    for (int t = 0; t < Rows; ++t) {
      for (int v = 0; v < 2; ++v)
        _mm256_store_ps(sums + t * kPanelRows + (half + v) * 8, acc[t][v]);
    }
  }
}

void multiply_rows(const float* x, std::int64_t rows, std::int64_t x_stride, const float* panel,
                   std::int64_t depth, float* sums) {
  switch (rows) {
    case 1:
      return multiply<1>(x, x_stride, panel, depth, sums);
    case 2:
      return multiply<2>(x, x_stride, panel, depth, sums);
    case 3:
      return multiply<3>(x, x_stride, panel, depth, sums);
    case 4:
      return multiply<4>(x, x_stride, panel, depth, sums);
    case 5:
      return multiply<5>(x, x_stride, panel, depth, sums);
    default:
      return multiply<6>(x, x_stride, panel, depth, sums);
  }
}

}  // namespace

void linear_avx2(ConstView x, const Weight& w, const float* bias, View y, std::int64_t begin,
                 std::int64_t end) {
  alignas(64) float panel[kPanelDepth * kPanelRows];  // [depth, outputs]
  const Tensor sums(x.rows, kPanelRows);
  for (std::int64_t n0 = begin; n0 < end; n0 += kPanelRows) {
    const std::int64_t rows = std::min(kPanelRows, end - n0);
    std::fill_n(sums.data(), x.rows * kPanelRows, 0.0F);
    for (std::int64_t k0 = 0; k0 < w.k; k0 += kPanelDepth) {
      const std::int64_t depth = std::min(kPanelDepth, w.k - k0);
      decode_panel(w, n0, rows, k0, depth, panel);
      for (std::int64_t t = 0; t < x.rows; t += 6) {
        multiply_rows(x.row(t) + k0, std::min<std::int64_t>(6, x.rows - t), x.cols, panel, depth,
                      sums.row(t));
      }
    }
    for (std::int64_t t = 0; t < x.rows; ++t) {
      for (std::int64_t n = 0; n < rows; ++n) {
        y.row(t)[n0 + n] = bias == nullptr ? sums.row(t)[n] : sums.row(t)[n] + bias[n0 + n];
      }
    }
  }
}

}  // namespace frugal::ops

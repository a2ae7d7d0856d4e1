#include <immintrin.h>

#include <algorithm>

#include "ops/linear/linear_kernels.h"
#include "ops/simd/with_constant.h"

namespace frugal::ops {

namespace {

constexpr std::int64_t kVectors = kBandRows / 8;  // registers of 8 outputs in a band

// Decodes rows [n0, n0 + rows) x [k0, k0 + depth) into band [depth][kBandRows], one output a
// lane.
void decode_band(const Weight& w, std::int64_t n0, std::int64_t rows, std::int64_t k0,
                 std::int64_t depth, float* band) {
  alignas(64) float values[8][kBandDepth];
  for (std::int64_t r0 = 0; r0 < rows; r0 += 8) {
    const std::int64_t count = std::min<std::int64_t>(8, rows - r0);
    for (std::int64_t r = 0; r < count; ++r) {
      w.decode(n0 + r0 + r, k0, {values[r], static_cast<std::size_t>(depth)});
    }
    for (std::int64_t r = count; r < 8; ++r) std::fill_n(values[r], depth, 0.0F);
    for (std::int64_t k = 0; k < depth; ++k) {
      for (std::int64_t r = 0; r < 8; ++r) band[k * kBandRows + r0 + r] = values[r][k];
    }
  }
}

// acc[t][v] over `depth` values for Rows rows of x; sums [Rows][kBandRows] carries them between
// pieces of k.
template <int Rows>
void multiply(const float* x, std::int64_t x_stride, const float* band, std::int64_t depth,
              float* sums) {
  for (std::int64_t half = 0; half < kVectors; half += 2) {
    __m256 acc[Rows][2];
    for (int t = 0; t < Rows; ++t) {
      for (int v = 0; v < 2; ++v) acc[t][v] = _mm256_load_ps(sums + t * kBandRows + (half + v) * 8);
    }
    for (std::int64_t k = 0; k < depth; ++k) {
      const __m256 w0 = _mm256_load_ps(band + k * kBandRows + half * 8);
      const __m256 w1 = _mm256_load_ps(band + k * kBandRows + half * 8 + 8);
      for (int t = 0; t < Rows; ++t) {
        const __m256 value = _mm256_broadcast_ss(x + t * x_stride + k);
        acc[t][0] = _mm256_fmadd_ps(value, w0, acc[t][0]);
        acc[t][1] = _mm256_fmadd_ps(value, w1, acc[t][1]);
      }
    }
    for (int t = 0; t < Rows; ++t) {
      for (int v = 0; v < 2; ++v) _mm256_store_ps(sums + t * kBandRows + (half + v) * 8, acc[t][v]);
    }
  }
}

void multiply_few(const float* x, std::int64_t rows, std::int64_t x_stride, const float* band,
                  std::int64_t depth, float* sums) {
  with_constant<6>(rows,
                   [&](auto constant) { multiply<constant()>(x, x_stride, band, depth, sums); });
}

}  // namespace

void multiply_rows_avx2(StridedView<const float> x, const Weight& w, const float* bias,
                        StridedView<float> y, std::int64_t begin, std::int64_t end) {
  alignas(64) float band[kBandDepth * kBandRows];  // [depth, outputs]
  const Tensor sums(x.rows, kBandRows);
  for (std::int64_t n0 = begin; n0 < end; n0 += kBandRows) {
    const std::int64_t rows = std::min(kBandRows, end - n0);
    std::fill_n(sums.data(), x.rows * kBandRows, 0.0F);
    for (std::int64_t k0 = 0; k0 < w.k; k0 += kBandDepth) {
      const std::int64_t depth = std::min(kBandDepth, w.k - k0);
      decode_band(w, n0, rows, k0, depth, band);
      for (std::int64_t t = 0; t < x.rows; t += 6) {
        multiply_few(x.row(t) + k0, std::min<std::int64_t>(6, x.rows - t), x.stride, band, depth,
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

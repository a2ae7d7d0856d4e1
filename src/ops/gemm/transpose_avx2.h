// Turning rows into columns, eight by eight. Included by the kernel files of AVX2 and later.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace frugal::ops {

/// Reads 8 rows of 8 floats, `stride` apart, and writes them as columns, `out_stride` apart.
static inline void transpose_8x8(const float* in, std::int64_t stride, float* out,
                                 std::int64_t out_stride) {
  __m256 r[8];
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(in + i * stride);
  __m256 t[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(out + i * out_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(out + (i + 4) * out_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

/// A float that may lie anywhere, as weights in a mapped file do.
static inline float load_float(const float* at) {
  float value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

/// `rows` rows of `cols` floats into columns of out [cols, out_stride].
static inline void transpose_rows(const float* in, std::int64_t stride, std::int64_t rows,
                                  std::int64_t cols, float* out, std::int64_t out_stride) {
  const std::int64_t whole_rows = rows / 8 * 8;
  const std::int64_t whole_cols = cols / 8 * 8;
  for (std::int64_t i = 0; i < whole_rows; i += 8) {
    for (std::int64_t k = 0; k < whole_cols; k += 8) {
      transpose_8x8(in + i * stride + k, stride, out + k * out_stride + i, out_stride);
    }
    for (std::int64_t k = whole_cols; k < cols; ++k) {
      for (std::int64_t r = i; r < i + 8; ++r) {
        out[k * out_stride + r] = load_float(in + r * stride + k);
      }
    }
  }
  for (std::int64_t r = whole_rows; r < rows; ++r) {
    for (std::int64_t k = 0; k < cols; ++k) {
      out[k * out_stride + r] = load_float(in + r * stride + k);
    }
  }
}

}  // namespace frugal::ops

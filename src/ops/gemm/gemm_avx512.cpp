#include <immintrin.h>

#include <array>
#include <utility>

#include "ops/gemm/gemm_blocked.h"
#include "ops/gemm/transpose_avx2.h"

namespace frugal::ops {

namespace {

// 12 x 32: 24 accumulators and two registers of b, of 32; a comes from memory.
struct Tile {
  static constexpr std::int64_t kRows = 12;
  static constexpr std::int64_t kCols = 32;
  static constexpr std::int64_t kAhead = 8 * kCols;  // panels come from the second cache

  static void transpose(const float* in, std::int64_t stride, std::int64_t rows, std::int64_t depth,
                        float* panel) {
    transpose_rows(in, stride, rows, depth, panel, kCols);
  }

  template <int Rows>
  static void multiply_rows(std::int64_t depth, const TileRows& a, const float* panel, float* c,
                            std::int64_t c_stride, bool load) {
    __m512 sum[Rows][2];
    for (int i = 0; i < Rows; ++i) {
      for (int v = 0; v < 2; ++v) {
        sum[i][v] = load ? _mm512_loadu_ps(c + i * c_stride + 16 * v) : _mm512_setzero_ps();
      }
    }
    const float* x = a.data;
    for (std::int64_t k = 0; k < depth; ++k, x += a.depth_stride, panel += kCols) {
      const __m512 b0 = _mm512_load_ps(panel);
      const __m512 b1 = _mm512_load_ps(panel + 16);
      __builtin_prefetch(panel + kAhead);
      __builtin_prefetch(panel + kAhead + 16);
      for (int i = 0; i < Rows; ++i) {
        const __m512 value = _mm512_set1_ps(x[i * a.row_stride]);
        sum[i][0] = _mm512_fmadd_ps(value, b0, sum[i][0]);
        sum[i][1] = _mm512_fmadd_ps(value, b1, sum[i][1]);
      }
    }
    for (int i = 0; i < Rows; ++i) {
      for (int v = 0; v < 2; ++v) _mm512_storeu_ps(c + i * c_stride + 16 * v, sum[i][v]);
    }
  }

  static void multiply(std::int64_t rows, std::int64_t depth, const TileRows& a, const float* panel,
                       float* c, std::int64_t c_stride, bool load) {
    constexpr auto by_rows = []<int... I>(std::integer_sequence<int, I...>) {
      return std::array{&multiply_rows<I + 1>...};
    }
    (std::make_integer_sequence<int, kRows>());
    by_rows[static_cast<std::size_t>(rows - 1)](depth, a, panel, c, c_stride, load);
  }
};

}  // namespace

GemmKernel gemm_avx512() { return {Tile::kRows, Tile::kCols, gemm_blocked<Tile>}; }

}  // namespace frugal::ops

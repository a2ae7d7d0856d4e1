// The blocking around a register tile (Goto and van de Geijn 2008). Included by each kernel file,
// which compiles it for its own instruction set; static for that reason.
#pragma once

#include <algorithm>
#include <cstring>

#include "ops/gemm/gemm_kernels.h"
#include "ops/gemm/pack_buffer.h"

namespace frugal::ops {

// As many rows of a as a tile has stay in the first cache while panels of b [kBlockDepth, tile_cols]
// pass by from the second, which holds a block of b [kBlockDepth, kBlockCols] (512 KiB) and, where a
// is packed too, kBlockRows rows of it.
inline constexpr std::int64_t kBlockDepth = 256;
inline constexpr std::int64_t kBlockCols = 512;
inline constexpr std::int64_t kBlockRows = 192;

/// What a register tile reads of a: value (row, k) is data[row * row_stride + k * depth_stride].
struct TileRows {
  const float* data;
  std::int64_t row_stride;
  std::int64_t depth_stride;
};

/// Copies rows [depth, cols], `stride` floats apart, into panels [depth, kWidth], zeros beyond cols.
/// A few panels at a time, so that what is read lies side by side.
template <std::int64_t kWidth>
static void pack_rows(const float* rows, std::int64_t stride, std::int64_t depth, std::int64_t cols,
                      float* packed) {
  constexpr std::int64_t kTogether = 8;
  std::int64_t j = 0;
  for (; j + kTogether * kWidth <= cols; j += kTogether * kWidth) {
    for (std::int64_t k = 0; k < depth; ++k) {
      const float* source = rows + k * stride + j;
      float* to = packed + j * depth + k * kWidth;
      for (std::int64_t p = 0; p < kTogether; ++p) {
        std::memcpy(to + p * depth * kWidth, source + p * kWidth, kWidth * sizeof(float));
      }
    }
  }
  for (; j < cols; j += kWidth) {
    const std::int64_t count = std::min(kWidth, cols - j);
    float* to = packed + j * depth;
    if (count < kWidth) std::fill_n(to, depth * kWidth, 0.0F);
    for (std::int64_t k = 0; k < depth; ++k) {
      std::copy_n(rows + k * stride + j, count, to + k * kWidth);
    }
  }
}

/// Packs b[k0 .. k0 + depth, j0 .. j0 + cols) into panels [depth, Tile::kCols], zeros beyond cols.
template <typename Tile>
static void pack_b(const Factor& b, std::int64_t k0, std::int64_t depth, std::int64_t j0,
                   std::int64_t cols, float* packed) {
  if (!b.transposed) {
    pack_rows<Tile::kCols>(b.data + k0 * b.stride + j0, b.stride, depth, cols, packed);
    return;
  }
  for (std::int64_t j = 0; j < cols; j += Tile::kCols, packed += depth * Tile::kCols) {
    const std::int64_t count = std::min<std::int64_t>(Tile::kCols, cols - j);
    if (count < Tile::kCols) std::fill_n(packed, depth * Tile::kCols, 0.0F);
    Tile::transpose(b.data + (j0 + j) * b.stride + k0, b.stride, count, depth, packed);
  }
}

/// One tile at the edge: through a full one beside it.
template <typename Tile>
static void edge_tile(std::int64_t rows, std::int64_t cols, std::int64_t depth, const TileRows& a,
                      const float* panel, float* c, std::int64_t c_stride, bool load) {
  alignas(64) float whole[Tile::kRows * Tile::kCols];
  for (std::int64_t i = 0; load && i < rows; ++i) {
    std::copy_n(c + i * c_stride, cols, whole + i * Tile::kCols);
    std::fill_n(whole + i * Tile::kCols + cols, Tile::kCols - cols, 0.0F);
  }
  Tile::multiply(rows, depth, a, panel, whole, Tile::kCols, load);
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy_n(whole + i * Tile::kCols, cols, c + i * c_stride);
  }
}

/// Asks for memory that will be needed soon: `rows` rows of `cols` floats, `stride` apart.
static inline void ask_ahead(const float* data, std::int64_t rows, std::int64_t stride,
                             std::int64_t cols) {
  constexpr std::int64_t kLine = 16;  // floats
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; j += kLine) __builtin_prefetch(data + i * stride + j);
  }
}

/// The tile's rows of c from row i on, times all panels of one block. The next tile of c is asked
/// for while one is computed, and the next rows of a bit by bit.
template <typename Tile>
static void multiply_rows(const Gemm& g, std::int64_t i, const TileRows& a, std::int64_t j0,
                          std::int64_t cols, std::int64_t depth, const float* packed_b, bool load) {
  const std::int64_t rows = std::min<std::int64_t>(Tile::kRows, g.m - i);
  const std::int64_t next_rows = std::min<std::int64_t>(Tile::kRows, g.m - i - rows);
  const std::int64_t panels = (cols + Tile::kCols - 1) / Tile::kCols;
  const std::int64_t share = (depth + panels - 1) / panels;
  float* c = g.c + i * g.c_stride + j0;
  for (std::int64_t p = 0; p < panels; ++p) {
    const float* panel = packed_b + p * Tile::kCols * depth;  // [depth, kCols]
    const std::int64_t j = p * Tile::kCols;
    if (p + 1 < panels) {
      ask_ahead(c + j + Tile::kCols, rows, g.c_stride, Tile::kCols);
    } else {
      ask_ahead(c + Tile::kRows * g.c_stride, next_rows, g.c_stride, Tile::kCols);
    }
    if (!g.a.transposed) {
      ask_ahead(a.data + Tile::kRows * a.row_stride + p * share, next_rows, a.row_stride, share);
    }
    if (j + Tile::kCols <= cols) {
      Tile::multiply(rows, depth, a, panel, c + j, g.c_stride, load);
    } else {
      edge_tile<Tile>(rows, cols - j, depth, a, panel, c + j, g.c_stride, load);
    }
  }
}

template <typename Tile>
static void gemm_blocked(const Gemm& g) {
  const std::int64_t most_depth = std::min(kBlockDepth, g.k);
  const std::int64_t most_cols =
      (std::min(kBlockCols, g.n) + Tile::kCols - 1) / Tile::kCols * Tile::kCols;
  const std::int64_t most_rows =
      (std::min(kBlockRows, g.m) + Tile::kRows - 1) / Tile::kRows * Tile::kRows;
  const PackBuffer<float> packed_b(most_depth * most_cols);
  const PackBuffer<float> packed_a(g.a.transposed ? most_depth * most_rows : 0);
  if (g.k == 0 && !g.accumulate) {
    for (std::int64_t i = 0; i < g.m; ++i) std::fill_n(g.c + i * g.c_stride, g.n, 0.0F);
  }
  for (std::int64_t j0 = 0; j0 < g.n; j0 += kBlockCols) {
    const std::int64_t cols = std::min(kBlockCols, g.n - j0);
    for (std::int64_t k0 = 0; k0 < g.k; k0 += kBlockDepth) {
      const std::int64_t depth = std::min(kBlockDepth, g.k - k0);
      pack_b<Tile>(g.b, k0, depth, j0, cols, packed_b.data());
      for (std::int64_t i0 = 0; i0 < g.m; i0 += kBlockRows) {
        const std::int64_t rows = std::min(kBlockRows, g.m - i0);
        if (g.a.transposed) {
          pack_rows<Tile::kRows>(g.a.data + k0 * g.a.stride + i0, g.a.stride, depth, rows,
                                 packed_a.data());
        }
        for (std::int64_t i = 0; i < rows; i += Tile::kRows) {
          const TileRows a =
              g.a.transposed
                  ? TileRows{packed_a.data() + i * depth, 1, Tile::kRows}
                  : TileRows{g.a.data + (i0 + i) * g.a.stride + k0, g.a.stride, std::int64_t{1}};
          multiply_rows<Tile>(g, i0 + i, a, j0, cols, depth, packed_b.data(),
                              g.accumulate || k0 > 0);
        }
      }
    }
  }
}

}  // namespace frugal::ops

// The blocking around a register tile (Goto and van de Geijn 2008). Included by each kernel file,
// which compiles it for its own instruction set; static for that reason.
#pragma once

#include <algorithm>

#include "ops/gemm/gemm_kernels.h"
#include "ops/gemm/pack_buffer.h"

namespace frugal::ops {

// A panel of b [kBlockDepth, tile_cols] stays in the first cache while rows of a pass by; the block
// of b [kBlockDepth, kBlockCols] (512 KiB) and that of a share the second.
inline constexpr std::int64_t kBlockDepth = 256;
inline constexpr std::int64_t kBlockCols = 512;
inline constexpr std::int64_t kBlockRows = 192;

/// What a register tile reads of a: value (row, k) is data[row * row_stride + k * depth_stride].
struct TileRows {
  const float* data;
  std::int64_t row_stride;
  std::int64_t depth_stride;
};

/// Packs b[k0 .. k0 + depth, j0 .. j0 + cols) into panels [depth, Tile::kCols], zeros beyond cols.
template <typename Tile>
static void pack_b(const Factor& b, std::int64_t k0, std::int64_t depth, std::int64_t j0,
                   std::int64_t cols, float* packed) {
  for (std::int64_t j = 0; j < cols; j += Tile::kCols, packed += depth * Tile::kCols) {
    const std::int64_t count = std::min<std::int64_t>(Tile::kCols, cols - j);
    if (count < Tile::kCols) std::fill_n(packed, depth * Tile::kCols, 0.0F);
    if (b.transposed) {
      Tile::transpose(b.data + (j0 + j) * b.stride + k0, b.stride, count, depth, packed);
      continue;
    }
    const float* source = b.data + k0 * b.stride + j0 + j;
    for (std::int64_t k = 0; k < depth; ++k) {
      std::copy_n(source + k * b.stride, count, packed + k * Tile::kCols);
    }
  }
}

/// Packs a transposed a[i0 .. i0 + rows, k0 .. k0 + depth) into panels [depth, Tile::kRows].
template <typename Tile>
static void pack_a(const Factor& a, std::int64_t i0, std::int64_t rows, std::int64_t k0,
                   std::int64_t depth, float* packed) {
  for (std::int64_t i = 0; i < rows; i += Tile::kRows, packed += depth * Tile::kRows) {
    const std::int64_t count = std::min<std::int64_t>(Tile::kRows, rows - i);
    const float* source = a.data + k0 * a.stride + i0 + i;
    for (std::int64_t k = 0; k < depth; ++k) {
      std::copy_n(source + k * a.stride, count, packed + k * Tile::kRows);
    }
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

/// The rows [i0, i0 + rows) of one block.
template <typename Tile>
static void multiply_block(const Gemm& g, std::int64_t i0, std::int64_t rows, std::int64_t j0,
                           std::int64_t cols, std::int64_t k0, std::int64_t depth,
                           const float* packed_a, const float* packed_b) {
  const bool load = g.accumulate || k0 > 0;
  for (std::int64_t j = 0; j < cols; j += Tile::kCols) {
    const float* panel = packed_b + j * depth;  // [depth, kCols]
    const std::int64_t tile_cols = std::min<std::int64_t>(Tile::kCols, cols - j);
    for (std::int64_t i = 0; i < rows; i += Tile::kRows) {
      const TileRows a = g.a.transposed ? TileRows{packed_a + i * depth, 1, Tile::kRows}
                                        : TileRows{g.a.data + (i0 + i) * g.a.stride + k0,
                                                   g.a.stride, std::int64_t{1}};
      const std::int64_t tile_rows = std::min<std::int64_t>(Tile::kRows, rows - i);
      float* c = g.c + (i0 + i) * g.c_stride + j0 + j;
      if (tile_cols == Tile::kCols) {
        Tile::multiply(tile_rows, depth, a, panel, c, g.c_stride, load);
      } else {
        edge_tile<Tile>(tile_rows, tile_cols, depth, a, panel, c, g.c_stride, load);
      }
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
        if (g.a.transposed) pack_a<Tile>(g.a, i0, rows, k0, depth, packed_a.data());
        multiply_block<Tile>(g, i0, rows, j0, cols, k0, depth, packed_a.data(), packed_b.data());
      }
    }
  }
}

}  // namespace frugal::ops

#include "ops/gemm/gemm_kernels.h"
#include "ops/gemm/tiles_amx.h"

namespace frugal::ops {

namespace {

// A panel of each factor (32 KiB) passes through the first cache; the block of b (1 MiB at most)
// stays in the second.
constexpr std::int64_t kBlockTerms = 512;
constexpr std::int64_t kBlockCols = 1024;

void run(const Gemm& g) {
  if (g.k == 0) {
    for (std::int64_t i = 0; !g.accumulate && i < g.m; ++i) {
      std::fill_n(g.c + i * g.c_stride, g.n, 0.0F);
    }
    return;
  }
  const TileScope scope;
  const TileSource a = {g.a.data, g.a.stride, g.a.transposed};
  const TileSource b = {g.b.data, g.b.stride, !g.b.transposed};
  const std::int64_t panel_bytes = tile_steps(std::min(kBlockTerms, g.k)) * kPanelStep;
  const std::int64_t most_cols = std::min(kBlockCols, g.n);
  const TileBuffer a_panel(panel_bytes);
  const TileBuffer b_panels((most_cols + kPanelOutputs - 1) / kPanelOutputs * panel_bytes);
  for (std::int64_t j0 = 0; j0 < g.n; j0 += kBlockCols) {
    const std::int64_t cols = std::min(kBlockCols, g.n - j0);
    for (std::int64_t k0 = 0; k0 < g.k; k0 += kBlockTerms) {
      const std::int64_t terms = std::min(kBlockTerms, g.k - k0);
      for (std::int64_t j = 0; j < cols; j += kPanelOutputs) {
        pack_panel<TileSide::b>(b, j0 + j, std::min(kPanelOutputs, cols - j), k0, terms,
                                b_panels.data() + j / kPanelOutputs * panel_bytes);
      }
      for (std::int64_t i = 0; i < g.m; i += kPanelOutputs) {
        const std::int64_t rows = std::min(kPanelOutputs, g.m - i);
        pack_panel<TileSide::a>(a, i, rows, k0, terms, a_panel.data());
        for (std::int64_t j = 0; j < cols; j += kPanelOutputs) {
          multiply_panels(rows, std::min(kPanelOutputs, cols - j), tile_steps(terms),
                          a_panel.data(), b_panels.data() + j / kPanelOutputs * panel_bytes,
                          g.c + i * g.c_stride + j0 + j, g.c_stride, g.accumulate || k0 > 0);
        }
      }
    }
  }
}

}  // namespace

GemmKernel gemm_bf16_amx() { return {kPanelOutputs, kPanelOutputs, run}; }

}  // namespace frugal::ops

#include "ops/fp8/fp8_promoted.h"
#include "ops/gemm/tiles_amx.h"

namespace frugal::ops {

namespace {

// As in gemm_amx.cpp; four sums of 128 terms are one block.
constexpr std::int64_t kBlockTerms = 4 * kFp8Depth;
constexpr std::int64_t kBlockCols = 1024;
constexpr std::int64_t kSumSteps = kFp8Depth / kTileTerms;

TileSource source_of(const Fp8Factor& f) {
  return {f.operand->values.data, f.operand->values.cols, f.transposed};
}

/// Packed outputs of a factor over a block of terms, and their scales.
class Packed {
 public:
  Packed(std::int64_t outputs, std::int64_t terms)
      : outputs_((outputs + kPanelOutputs - 1) / kPanelOutputs * kPanelOutputs),
        panel_bytes_(tile_steps(std::min(kBlockTerms, terms)) * kPanelStep),
        panels_(outputs_ / kPanelOutputs * panel_bytes_),
        scales_(kBlockTerms / kFp8Depth * outputs_ * static_cast<std::int64_t>(sizeof(float))) {}

  template <TileSide Side>
  void pack(const Fp8Factor& f, std::int64_t output, std::int64_t outputs, std::int64_t term,
            std::int64_t terms) {
    const TileSource source = source_of(f);
    for (std::int64_t o = 0; o < outputs; o += kPanelOutputs) {
      pack_panel<Side>(source, output + o, std::min(kPanelOutputs, outputs - o), term, terms,
                       panels_.data() + o / kPanelOutputs * panel_bytes_);
    }
    for (std::int64_t k = 0; k < terms; k += kFp8Depth) {
      float* scales = scales_of(k / kFp8Depth);
      for (std::int64_t o = 0; o < outputs; ++o) {
        scales[o] = scale_of(f, output + o, (term + k) / kFp8Depth);
      }
    }
  }

  /// The panel of outputs from `output` on, from the block-th sum of 128 terms on.
  const std::byte* panel(std::int64_t output, std::int64_t block) const {
    return panels_.data() + output / kPanelOutputs * panel_bytes_ + block * kSumSteps * kPanelStep;
  }
  /// [outputs] of the block-th sum.
  float* scales_of(std::int64_t block) const {
    return reinterpret_cast<float*>(scales_.data()) + block * outputs_;
  }

 private:
  std::int64_t outputs_;
  std::int64_t panel_bytes_;
  TileBuffer panels_;
  TileBuffer scales_;  // [sums of 128 terms in a block, outputs]
};

// c = or += sums * (row scale * column scale), sums [32, 32].
void promote(std::int64_t rows, std::int64_t cols, const float* sums, const float* row_scales,
             const float* col_scales, float* c, std::int64_t c_stride, bool load) {
  for (std::int64_t j = 0; j < cols; j += 16) {
    const __mmask16 mask = first_lanes(cols - j);
    const __m512 scales = _mm512_maskz_loadu_ps(mask, col_scales + j);
    for (std::int64_t i = 0; i < rows; ++i) {
      float* at = c + i * c_stride + j;
      const __m512 before = load ? _mm512_maskz_loadu_ps(mask, at) : _mm512_setzero_ps();
      const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(row_scales[i]), scales);
      const __m512 sum = _mm512_load_ps(sums + i * kPanelOutputs + j);
      _mm512_mask_storeu_ps(at, mask, _mm512_add_ps(before, _mm512_mul_ps(sum, scale)));
    }
  }
}

std::int64_t whole_tiles(std::int64_t outputs) {
  return (outputs + kTileOutputs - 1) / kTileOutputs * kTileOutputs;
}

// Rows of one panel times all packed columns, over one block of terms.
void multiply_rows(const Fp8Gemm& g, std::int64_t row, std::int64_t rows, std::int64_t col,
                   std::int64_t cols, std::int64_t terms, const Packed& a, const Packed& b,
                   bool load) {
  alignas(64) float sums[kPanelOutputs * kPanelOutputs];
  for (std::int64_t j = 0; j < cols; j += kPanelOutputs) {
    const std::int64_t width = std::min(kPanelOutputs, cols - j);
    for (std::int64_t k = 0; k < terms; k += kFp8Depth) {
      const std::int64_t block = k / kFp8Depth;
      multiply_panels(whole_tiles(rows), whole_tiles(width),
                      tile_steps(std::min(kFp8Depth, terms - k)), a.panel(0, block),
                      b.panel(j, block), sums, kPanelOutputs, false);
      promote(rows, width, sums, a.scales_of(block), b.scales_of(block) + j, g.c.row(row) + col + j,
              g.c.cols, load || k > 0);
    }
  }
}

}  // namespace

void fp8_promoted_amx(const Fp8Task& task) {
  const Fp8Gemm& g = *task.product;
  const std::int64_t depth = depth_of(g.a);
  const TileScope scope;
  Packed a(kPanelOutputs, depth);
  Packed b(std::min(kBlockCols, task.cols), depth);
  for (std::int64_t j = 0; j < task.cols; j += kBlockCols) {
    const std::int64_t cols = std::min(kBlockCols, task.cols - j);
    for (std::int64_t k = 0; k < depth; k += kBlockTerms) {
      const std::int64_t terms = std::min(kBlockTerms, depth - k);
      b.pack<TileSide::b>(g.b, task.col + j, cols, k, terms);
      for (std::int64_t i = 0; i < task.rows; i += kPanelOutputs) {
        const std::int64_t rows = std::min(kPanelOutputs, task.rows - i);
        a.pack<TileSide::a>(g.a, task.row + i, rows, k, terms);
        multiply_rows(g, task.row + i, rows, task.col + j, cols, terms, a, b,
                      g.accumulate || k > 0);
      }
    }
  }
}

}  // namespace frugal::ops

// The product of activations with packed block types. Templates over Simd (ops/simd/), so that each
// instruction set compiles its own copy; linear_levels_reference() is the plain definition.
#pragma once

#include "ops/linear/activations.h"
#include "ops/linear/level_source.h"
#include "ops/linear/linear_kernels.h"
#include "ops/linear/outputs.h"

namespace frugal::ops {

/// Adds `groups` groups to `sums`. x points at the first row's block of the first group, rows are
/// `stride` blocks apart.
template <class Simd, class Source, int kRows, int kPanels>
[[gnu::always_inline]] inline void add_groups(const ActivationBlock* x, std::int64_t stride,
                                              Source (&sources)[kPanels], std::int64_t groups,
                                              Sums<Simd, kRows, kPanels>& sums) {
  constexpr DotFormat kDot = Source::kDot;
  constexpr int kSteps = kDot.half_steps();
  for (std::int64_t g = 0; g < groups; ++g, ++x) {
    for (Source& source : sources) {
      if (g % Source::kUnitGroups == 0) source.next_unit();
      source.begin_group();
    }
#pragma GCC unroll 2
    for (int h = 0; h < kDot.halves; ++h) {
      typename Simd::template Dot<kDot> dots[kRows][kPanels];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const ActivationBlock& block = x[r * stride];
        const std::int32_t* bias = kDot.halves == 1 ? &block.bias : block.half_bias + h;
#pragma GCC unroll 2
        for (int p = 0; p < kPanels; ++p) dots[r][p].begin(bias);
      }
#pragma GCC unroll 8
      for (int s = 0; s < kSteps; ++s) {
        typename Simd::Level levels[kPanels];
#pragma GCC unroll 2
        for (int p = 0; p < kPanels; ++p) {
          levels[p] = Simd::template prepare<kDot>(sources[p].step(h * kSteps + s));
        }
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          const auto four = Simd::broadcast_bytes(x[r * stride].q + 4 * (h * kSteps + s));
#pragma GCC unroll 2
          for (int p = 0; p < kPanels; ++p) dots[r][p].step(s, levels[p], four);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const ActivationBlock& block = x[r * stride];
        const std::int32_t* bias = kDot.halves == 1 ? &block.bias : block.half_bias + h;
        const auto x_scale = Simd::set(block.scale);
#pragma GCC unroll 2
        for (int p = 0; p < kPanels; ++p) {
          auto& sum = sums.at[r][p];
          const auto product = Simd::to_float(dots[r][p].finish(bias));
          sum = Simd::fma(product, Simd::multiply(sources[p].scale(h), x_scale), sum);
          if constexpr (kDot.has_min) {
            const float scaled_sum =
                kDot.halves == 1
                    ? block.scaled_sum
                    : block.scale * (static_cast<float>(block.half_bias[h]) * (-1.0F / 128));
            sum = Simd::fma(sources[p].min(h), Simd::set(scaled_sum), sum);
          }
        }
      }
    }
    for (Source& source : sources) source.end_group();
  }
}

/// The kernels of one packed format.
template <class Simd, PanelFormat kFormat>
struct LevelKernel {
  static constexpr DotFormat kDot = dot_format(kFormat);
  using Packed = PackedSource<Simd, kFormat>;
  using Unpacked = UnpackedSource<Simd, kDot>;

  /// Few rows: every panel is read once, straight from memory.
  template <int kRows>
  static void narrow(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    const Outputs<Simd> outputs{product.y, product.bias};
    const std::int64_t groups = product.w->k / kGroup;
    for (std::int64_t p = begin; p < end; ++p) {
      Packed sources[1] = {Packed(product.panel(p), product.w->k, 0)};
      Sums<Simd, kRows, 1> sums;
      for (auto& row : sums.at) row[0] = Simd::zero();
      add_groups<Simd>(product.x, groups, sources, groups, sums);
      for (int r = 0; r < kRows; ++r) outputs.store(r, p, sums.at[r][0], true);
    }
  }

  /// kRows rows from row t on, times the unpacked panels of groups [g, g + count).
  template <int kRows, int kPanels>
  static void block(const LevelProduct& product, std::int64_t t, std::int64_t p, std::int64_t g,
                    std::int64_t count, const UnpackedPanel<kDot>* panels) {
    const Outputs<Simd> outputs{product.y, product.bias};
    const std::int64_t groups = product.w->k / kGroup;
    Sums<Simd, kRows, kPanels> sums;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int i = 0; i < kPanels; ++i) {
        sums.at[r][i] = g == 0 ? Simd::zero() : outputs.load(t + r, p + i);
      }
    }
    if constexpr (kPanels == 1) {
      Unpacked sources[1] = {Unpacked(panels[0])};
      add_groups<Simd>(product.x + t * groups + g, groups, sources, count, sums);
    } else {
      Unpacked sources[2] = {Unpacked(panels[0]), Unpacked(panels[1])};
      add_groups<Simd>(product.x + t * groups + g, groups, sources, count, sums);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int i = 0; i < kPanels; ++i) {
        outputs.store(t + r, p + i, sums.at[r][i], g + count == groups);
      }
    }
  }

  template <int kRows>
  static void rows(const LevelProduct& product, std::int64_t t, std::int64_t p, std::int64_t end,
                   std::int64_t g, std::int64_t count, const UnpackedPanel<kDot>* panels) {
    std::int64_t i = p;
    for (; i + Simd::kPanels <= end; i += Simd::kPanels) {
      block<kRows, Simd::kPanels>(product, t, i, g, count, panels + (i - p));
    }
    for (; i < end; ++i) block<kRows, 1>(product, t, i, g, count, panels + (i - p));
  }

  /// Many rows: panels are unpacked a super-block at a time, small enough for the first cache, and
  /// all rows pass by.
  static void wide(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    constexpr std::int64_t kTogether = 4;  // panels
    UnpackedPanel<kDot> panels[kTogether];
    const std::int64_t groups = product.w->k / kGroup;
    for (std::int64_t p = begin; p < end; p += kTogether) {
      const std::int64_t last = p + kTogether < end ? p + kTogether : end;
      for (std::int64_t g = 0; g < groups; g += kChunkGroups) {
        const std::int64_t count = g + kChunkGroups < groups ? kChunkGroups : groups - g;
        for (std::int64_t i = p; i < last; ++i) {
          panels[i - p].template fill<Simd>(Packed(product.panel(i), product.w->k, g), count);
        }
        std::int64_t t = 0;
        for (; t + Simd::kRows <= product.y.rows; t += Simd::kRows) {
          rows<Simd::kRows>(product, t, p, last, g, count, panels);
        }
        for (; t + 2 <= product.y.rows; t += 2) rows<2>(product, t, p, last, g, count, panels);
        if (t < product.y.rows) rows<1>(product, t, p, last, g, count, panels);
      }
    }
  }

  static void multiply(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    switch (product.y.rows) {
      case 1:
        return narrow<1>(product, begin, end);
      case 2:
        return narrow<2>(product, begin, end);
      case 3:
        return narrow<3>(product, begin, end);
      case 4:
        return narrow<4>(product, begin, end);
      default:
        return wide(product, begin, end);
    }
  }
};

/// The kernel for weights of a block type.
template <class Simd>
MultiplyLevels level_kernel(DType dtype) {
  switch (dtype) {
    case DType::q4_0:
      return LevelKernel<Simd, panel_format(DType::q4_0)>::multiply;
    case DType::q4_1:
      return LevelKernel<Simd, panel_format(DType::q4_1)>::multiply;
    case DType::q5_0:
      return LevelKernel<Simd, panel_format(DType::q5_0)>::multiply;
    case DType::q5_1:
      return LevelKernel<Simd, panel_format(DType::q5_1)>::multiply;
    case DType::q8_0:
      return LevelKernel<Simd, panel_format(DType::q8_0)>::multiply;
    case DType::q2_k:
      return LevelKernel<Simd, panel_format(DType::q2_k)>::multiply;
    case DType::q3_k:
      return LevelKernel<Simd, panel_format(DType::q3_k)>::multiply;
    case DType::q4_k:
      return LevelKernel<Simd, panel_format(DType::q4_k)>::multiply;
    case DType::q5_k:
      return LevelKernel<Simd, panel_format(DType::q5_k)>::multiply;
    case DType::q6_k:
      return LevelKernel<Simd, panel_format(DType::q6_k)>::multiply;
    case DType::iq4_nl:
      return LevelKernel<Simd, panel_format(DType::iq4_nl)>::multiply;
    case DType::iq4_xs:
      return LevelKernel<Simd, panel_format(DType::iq4_xs)>::multiply;
    default:
      return nullptr;
  }
}

}  // namespace frugal::ops

// The product of activations with packed block types. Templates over Simd (ops/simd/), so that each
// instruction set compiles its own copy; multiply_levels() in linear_reference.cpp is the plain
// definition.
#pragma once

#include "ops/linear/activations.h"
#include "ops/linear/level_source.h"
#include "ops/linear/linear_kernels.h"
#include "ops/linear/outputs.h"
#include "ops/simd/with_constant.h"

namespace frugal::ops {

/// Adds `groups` groups to `sums`. x points at the first row's block of the first group, rows are
/// `stride` blocks apart. `ahead` is asked for meanwhile.
template <class Simd, class Source, int kRows, int kPanels>
[[gnu::always_inline]] inline void add_groups(const ActivationBlock* x, std::int64_t stride,
                                              Source (&sources)[kPanels], std::int64_t groups,
                                              Ahead ahead, Sums<Simd, kRows, kPanels>& sums) {
  constexpr DotFormat kDot = Source::kDot;
  constexpr int kSteps = kDot.half_steps();
  for (std::int64_t g = 0; g < groups; ++g, ++x) {
    for (Source& source : sources) source.begin_group(g, groups);
    ahead.ask(kPanels);
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

// Up to so many rows pass by each group at once; units need not be unpacked for them.
inline constexpr int kNarrowRows = 4;

/// Groups [group, group + groups) of panels [panel, panel + count): what stays in the first cache
/// while all rows pass by.
struct Strip {
  std::int64_t panel;
  std::int64_t count;
  std::int64_t group;
  std::int64_t groups;
  float* unfinished;  // [T, Simd::kPanels * 16], sums of earlier strips of these panels
};

/// All rows times one strip. Strips gives the source of each of its panels.
template <class Simd, class Levels>
struct StripKernel {
  template <int kRows, int kPanels>
  static void block(const LevelProduct& product, std::int64_t t, const Strip& strip,
                    const Levels& levels, Ahead ahead) {
    const std::int64_t all_groups = product.w->k / kGroup;
    const OutputBlock<Simd, kRows, kPanels> outputs(
        product.y, product.bias, t, strip.panel,
        strip.unfinished == nullptr ? nullptr : strip.unfinished + t * Simd::kPanels * kPanelRows);
    const bool last = strip.group + strip.groups == all_groups;
    if (last) outputs.expect();
    Sums<Simd, kRows, kPanels> sums;
    outputs.load(sums, strip.group == 0);
    const ActivationBlock* x = product.x + t * all_groups + strip.group;
    if constexpr (kPanels == 1) {
      typename Levels::Source sources[1] = {levels.source(0)};
      add_groups<Simd>(x, all_groups, sources, strip.groups, ahead, sums);
    } else {
      typename Levels::Source sources[2] = {levels.source(0), levels.source(1)};
      add_groups<Simd>(x, all_groups, sources, strip.groups, ahead, sums);
    }
    if (last) {
      outputs.finish(sums);
    } else {
      outputs.keep(sums);
    }
  }

  /// Asks for `next` meanwhile, a part with each block of rows.
  [[gnu::noinline]] static void all_rows(const LevelProduct& product, const Strip& strip,
                                         const Levels& levels, const Ahead& next) {
    const std::int64_t rows = product.y.rows;
    // As even as can be: a block of few rows takes as long as one of more.
    const std::int64_t blocks = (rows + Simd::kRows - 1) / Simd::kRows;
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t t = rows * b / blocks;
      const Ahead ahead = next.part(b, blocks, strip.groups);
      with_constant<Simd::kRows>(rows * (b + 1) / blocks - t, [&](auto count) {
        if (strip.count == Simd::kPanels) {
          block<count(), Simd::kPanels>(product, t, strip, levels, ahead);
        } else {
          block<count(), 1>(product, t, strip, levels, ahead);
        }
      });
    }
  }
};

/// The kernels of one packed format.
template <class Simd, PanelFormat kFormat>
struct LevelKernel {
  static constexpr DotFormat kDot = dot_format(kFormat);
  using Packed = PackedSource<Simd, kFormat, true>;
  using Unpacked = UnpackedStrip<Simd, kDot>;
  using InPlace = PackedStrip<Simd, kFormat>;

  /// Few rows: every panel is read once, straight from memory.
  template <int kRows>
  static void narrow(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    const std::int64_t groups = product.w->k / kGroup;
    for (std::int64_t p = begin; p < end; ++p) {
      Packed sources[1] = {Packed(product.panel(p), 0)};
      const OutputBlock<Simd, kRows, 1> outputs(product.y, product.bias, 0, p, nullptr);
      Sums<Simd, kRows, 1> sums;
      outputs.load(sums, true);
      add_groups<Simd>(product.x, groups, sources, groups, {}, sums);
      outputs.finish(sums);
    }
  }

  /// The strip after `strip`; behind the last one it begins at panel `end`.
  static Strip next(const Strip& strip, std::int64_t groups, std::int64_t end) {
    Strip result = strip;
    result.group += strip.groups;
    if (result.group == groups) {
      result.group = 0;
      result.panel += strip.count;
      result.count = end - result.panel < Simd::kPanels ? 1 : Simd::kPanels;
    }
    const std::int64_t left = groups - result.group;
    result.groups = left < kStripGroups<Simd> ? left : kStripGroups<Simd>;
    return result;
  }

  static Ahead memory_of(const LevelProduct& product, const Strip& strip) {
    const std::int64_t units = (strip.groups + kUnitGroups - 1) / kUnitGroups;
    return {product.panel(strip.panel) + strip.group / kUnitGroups * kFormat.unit_bytes(),
            panel_bytes(product.w->dtype, product.w->k), units * kFormat.unit_bytes() / 64, 0};
  }

  /// Many rows: a strip is brought into the first cache before they pass by.
  static void wide(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    Unpacked unpacked;
    const std::int64_t groups = product.w->k / kGroup;
    Buffer unfinished;
    if (groups > kStripGroups<Simd>) {
      unfinished = Buffer(
          static_cast<std::size_t>(product.y.rows * Simd::kPanels * kPanelRows) * sizeof(float),
          "unfinished sums");
    }
    const Strip none{begin, 0, 0, groups, reinterpret_cast<float*>(unfinished.data())};
    for (Strip strip = next(none, groups, end); strip.panel < end;) {
      const Strip following = next(strip, groups, end);
      const Ahead ahead = following.panel < end ? memory_of(product, following) : Ahead{};
      const InPlace in_place{product, strip.panel, strip.group};
      if constexpr (kFormat.in_place()) {
        StripKernel<Simd, InPlace>::all_rows(product, strip, in_place, ahead);
      } else {
        for (std::int64_t i = 0; i < strip.count; ++i) {
          unpacked.fill(i, in_place.source(i), strip.groups);
        }
        StripKernel<Simd, Unpacked>::all_rows(product, strip, unpacked, ahead);
      }
      strip = following;
    }
  }

  static void multiply(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    const std::int64_t rows = product.y.rows;
    if (rows < 1 || rows > kNarrowRows) return wide(product, begin, end);
    with_constant<kNarrowRows>(rows, [&](auto count) { narrow<count()>(product, begin, end); });
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

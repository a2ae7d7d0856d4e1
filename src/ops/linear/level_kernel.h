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

/// Adds a unit of `groups` groups to `sums`. x points at the first row's block of the first group,
/// rows are `stride` blocks apart.
template <class Simd, class Source, int kRows, int kPanels>
[[gnu::always_inline]] inline void add_unit(const ActivationBlock* x, std::int64_t stride,
                                            Source (&sources)[kPanels], std::int64_t groups,
                                            Sums<Simd, kRows, kPanels>& sums) {
  constexpr DotFormat kDot = Source::kDot;
  constexpr int kSteps = kDot.half_steps();
  for (Source& source : sources) source.next_unit(groups);
  for (std::int64_t g = 0; g < groups; ++g, ++x) {
    for (Source& source : sources) source.begin_group();
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

/// Panels whose unpacked units stay in the first cache together while all rows pass by.
inline constexpr std::int64_t kPanelsTogether = 4;
// Up to so many rows pass by each group at once; units need not be unpacked for them.
inline constexpr int kNarrowRows = 4;

/// All rows times one unpacked unit of a few panels.
template <class Simd, DotFormat kDot>
struct UnitKernel {
  using Unit = UnpackedUnit<kDot>;
  using Source = UnpackedSource<Simd, kDot>;

  /// What the units are of: `count` panels from `panel` on, `groups` groups from `group` on.
  struct Part {
    std::int64_t panel;
    std::int64_t count;
    std::int64_t group;
    std::int64_t groups;
  };

  template <int kRows, int kPanels>
  static void block(const LevelProduct& product, std::int64_t t, const Part& part, std::int64_t p,
                    const Unit* units) {
    const Outputs<Simd> outputs{product.y, product.bias};
    const std::int64_t all_groups = product.w->k / kGroup;
    const std::int64_t first = part.panel + p;
    Sums<Simd, kRows, kPanels> sums;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int i = 0; i < kPanels; ++i) {
        sums.at[r][i] = part.group == 0 ? Simd::zero() : outputs.load(t + r, first + i);
      }
    }
    const ActivationBlock* x = product.x + t * all_groups + part.group;
    if constexpr (kPanels == 1) {
      Source sources[1] = {Source(units[p])};
      add_unit<Simd>(x, all_groups, sources, part.groups, sums);
    } else {
      Source sources[2] = {Source(units[p]), Source(units[p + 1])};
      add_unit<Simd>(x, all_groups, sources, part.groups, sums);
    }
    const bool done = part.group + part.groups == all_groups;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int i = 0; i < kPanels; ++i) outputs.store(t + r, first + i, sums.at[r][i], done);
    }
  }

  template <int kRows>
  static void rows(const LevelProduct& product, std::int64_t t, const Part& part,
                   const Unit* units) {
    std::int64_t p = 0;
    for (; p + Simd::kPanels <= part.count; p += Simd::kPanels) {
      block<kRows, Simd::kPanels>(product, t, part, p, units);
    }
    if constexpr (Simd::kPanels > 1) {
      for (; p < part.count; ++p) block<kRows, 1>(product, t, part, p, units);
    }
  }

  [[gnu::noinline]] static void all_rows(const LevelProduct& product, const Part& part,
                                         const Unit* units) {
    std::int64_t t = 0;
    const std::int64_t end = product.y.rows;
    for (; t + Simd::kRows <= end; t += Simd::kRows) rows<Simd::kRows>(product, t, part, units);
    for (; t + 2 <= end; t += 2) rows<2>(product, t, part, units);
    if (t < end) rows<1>(product, t, part, units);
  }
};

/// The kernels of one packed format.
template <class Simd, PanelFormat kFormat>
struct LevelKernel {
  static constexpr DotFormat kDot = dot_format(kFormat);
  using Packed = PackedSource<Simd, kFormat>;

  static std::int64_t unit_groups(std::int64_t groups, std::int64_t group) {
    return groups - group < kUnitGroups ? groups - group : kUnitGroups;
  }

  /// Few rows: every panel is read once, straight from memory.
  template <int kRows>
  static void narrow(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    const Outputs<Simd> outputs{product.y, product.bias};
    const std::int64_t groups = product.w->k / kGroup;
    for (std::int64_t p = begin; p < end; ++p) {
      Packed sources[1] = {Packed(product.panel(p), 0)};
      Sums<Simd, kRows, 1> sums;
      for (auto& row : sums.at) row[0] = Simd::zero();
      for (std::int64_t g = 0; g < groups; g += kUnitGroups) {
        add_unit<Simd>(product.x + g, groups, sources, unit_groups(groups, g), sums);
      }
      for (int r = 0; r < kRows; ++r) outputs.store(r, p, sums.at[r][0], true);
    }
  }

  /// Many rows: units are unpacked before the rows pass by.
  static void wide(const LevelProduct& product, std::int64_t begin, std::int64_t end) {
    UnpackedUnit<kDot> units[kPanelsTogether];
    const std::int64_t groups = product.w->k / kGroup;
    for (std::int64_t p = begin; p < end; p += kPanelsTogether) {
      const std::int64_t count = end - p < kPanelsTogether ? end - p : kPanelsTogether;
      for (std::int64_t g = 0; g < groups; g += kUnitGroups) {
        const std::int64_t in_unit = unit_groups(groups, g);
        for (std::int64_t i = 0; i < count; ++i) {
          units[i].template fill<Simd>(Packed(product.panel(p + i), g / kUnitGroups), in_unit);
        }
        UnitKernel<Simd, kDot>::all_rows(product, {p, count, g, in_unit}, units);
      }
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

// The product of floats with packed F32, F16, BF16 and FP8 weights. Templates over Simd
// (ops/simd/), so that each instruction set compiles its own copy.
#pragma once

#include "ops/linear/linear_kernels.h"
#include "ops/linear/outputs.h"

namespace frugal::ops {

/// A packed panel [k][16] of values of one type, as floats.
template <class Simd, DType kType>
class FloatSource {
 public:
  using Floats = typename Simd::Floats;
  static constexpr std::int64_t kBytes = kPanelRows * (kType == DType::f32       ? 4
                                                       : kType == DType::f8_e4m3 ? 1
                                                                                 : 2);

  /// Panel p of w.
  FloatSource(const Weight& w, std::int64_t p)
      : panel_(w.data + p * panel_bytes(kType, w.k)), scales_(nullptr) {
    if (w.scales != nullptr) {
      scales_ = w.scales + p * kPanelRows / kScaleBlock * ((w.k + kScaleBlock - 1) / kScaleBlock);
    }
  }

  Floats at(std::int64_t k) const {
    const std::byte* from = panel_ + k * kBytes;
    if constexpr (kType == DType::f32) return Simd::load(reinterpret_cast<const float*>(from));
    if constexpr (kType == DType::f16) return Simd::load_half(from);
    if constexpr (kType == DType::bf16) return Simd::load_bfloat16(from);
    if constexpr (kType == DType::f8_e4m3) {
      const Floats value = Simd::load_f8_e4m3(from);
      if (scales_ == nullptr) return value;
      return Simd::multiply(value, Simd::set(scales_[k / kScaleBlock]));
    }
  }

 private:
  static constexpr std::int64_t kScaleBlock = 128;  // of FP8: rows and columns that share a scale

  const std::byte* panel_;
  const float* scales_;
};

/// A panel's values for some of k, unpacked for use by many rows.
template <class Simd>
class FloatPanel {
 public:
  static constexpr std::int64_t kDepth = 256;

  template <class Source>
  void fill(const Source& source, std::int64_t begin, std::int64_t count) {
    for (std::int64_t k = 0; k < count; ++k) {
      Simd::store(values_ + k * kPanelRows, source.at(begin + k));
    }
  }
  typename Simd::Floats at(std::int64_t k) const { return Simd::load(values_ + k * kPanelRows); }

 private:
  alignas(64) float values_[kDepth * kPanelRows];  // [k][16]
};

/// Adds `count` values of k to `sums`; rows of x are `stride` floats apart.
template <class Simd, class Source, int kRows, int kPanels>
[[gnu::always_inline]] inline void add_values(const float* x, std::int64_t stride,
                                              const Source* sources, std::int64_t count,
                                              Sums<Simd, kRows, kPanels>& sums) {
  for (std::int64_t k = 0; k < count; ++k) {
    typename Simd::Floats w[kPanels];
#pragma GCC unroll 4
    for (int p = 0; p < kPanels; ++p) w[p] = sources[p].at(k);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const auto value = Simd::set(x[r * stride + k]);
#pragma GCC unroll 4
      for (int p = 0; p < kPanels; ++p) sums.at[r][p] = Simd::fma(value, w[p], sums.at[r][p]);
    }
  }
}

template <class Simd, DType kType>
struct FloatKernel {
  using Source = FloatSource<Simd, kType>;
  static constexpr int kRows = Simd::kFloatRows;
  static constexpr int kPanels = Simd::kPanels;

  /// One row: several panels at once, since each is but one chain of dependent additions.
  template <int kTogether>
  static void narrow(const FloatProduct& product, std::int64_t p) {
    const Outputs<Simd> outputs{product.y, product.bias};
    Sums<Simd, 1, kTogether> sums;
    for (auto& sum : sums.at[0]) sum = Simd::zero();
    if constexpr (kTogether == 1) {
      const Source sources[1] = {Source(*product.w, p)};
      add_values<Simd>(product.x.data, 0, sources, product.w->k, sums);
    } else {
      const Source sources[4] = {Source(*product.w, p), Source(*product.w, p + 1),
                                 Source(*product.w, p + 2), Source(*product.w, p + 3)};
      add_values<Simd>(product.x.data, 0, sources, product.w->k, sums);
    }
    for (int i = 0; i < kTogether; ++i) outputs.store(0, p + i, sums.at[0][i], true);
  }

  /// kBlockRows rows from row t on, times the unpacked values [k, k + count) of panels from p on.
  template <int kBlockRows, int kBlockPanels>
  static void block(const FloatProduct& product, std::int64_t t, std::int64_t p, std::int64_t k,
                    std::int64_t count, const FloatPanel<Simd>* panels) {
    const Outputs<Simd> outputs{product.y, product.bias};
    Sums<Simd, kBlockRows, kBlockPanels> sums;
#pragma GCC unroll 12
    for (int r = 0; r < kBlockRows; ++r) {
#pragma GCC unroll 2
      for (int i = 0; i < kBlockPanels; ++i) {
        sums.at[r][i] = k == 0 ? Simd::zero() : outputs.load(t + r, p + i);
      }
    }
    add_values<Simd>(product.x.row(t) + k, product.x.stride, panels, count, sums);
#pragma GCC unroll 12
    for (int r = 0; r < kBlockRows; ++r) {
#pragma GCC unroll 2
      for (int i = 0; i < kBlockPanels; ++i) {
        outputs.store(t + r, p + i, sums.at[r][i], k + count == product.w->k);
      }
    }
  }

  template <int kBlockPanels>
  static void wide(const FloatProduct& product, std::int64_t p) {
    FloatPanel<Simd> panels[kBlockPanels];
    for (std::int64_t k = 0; k < product.w->k; k += FloatPanel<Simd>::kDepth) {
      const std::int64_t left = product.w->k - k;
      const std::int64_t count = left < FloatPanel<Simd>::kDepth ? left : FloatPanel<Simd>::kDepth;
      for (int i = 0; i < kBlockPanels; ++i) {
        panels[i].fill(Source(*product.w, p + i), k, count);
      }
      std::int64_t t = 0;
      const std::int64_t rows = product.y.rows;
      for (; t + kRows <= rows; t += kRows) {
        block<kRows, kBlockPanels>(product, t, p, k, count, panels);
      }
      for (; t + 2 <= rows; t += 2) block<2, kBlockPanels>(product, t, p, k, count, panels);
      if (t < rows) block<1, kBlockPanels>(product, t, p, k, count, panels);
    }
  }

  static void multiply(const FloatProduct& product, std::int64_t begin, std::int64_t end) {
    std::int64_t p = begin;
    if (product.y.rows == 1) {
      for (; p + 4 <= end; p += 4) narrow<4>(product, p);
      for (; p < end; ++p) narrow<1>(product, p);
      return;
    }
    for (; p + kPanels <= end; p += kPanels) wide<kPanels>(product, p);
    for (; p < end; ++p) wide<1>(product, p);
  }
};

/// The kernel for weights of a float type.
template <class Simd>
MultiplyFloats float_kernel(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return FloatKernel<Simd, DType::f32>::multiply;
    case DType::f16:
      return FloatKernel<Simd, DType::f16>::multiply;
    case DType::bf16:
      return FloatKernel<Simd, DType::bf16>::multiply;
    case DType::f8_e4m3:
      return FloatKernel<Simd, DType::f8_e4m3>::multiply;
    default:
      return nullptr;
  }
}

}  // namespace frugal::ops

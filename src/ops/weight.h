// A weight matrix as the kernels read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "tensor/dtype.h"
#include "tensor/tensor.h"

namespace frugal::ops {

/// How a weight's bytes stand: row after row as files have them, or packed in panels for the
/// kernels (ops/panel/panel_format.h).
enum class WeightLayout : std::uint8_t { rows, panels };

/// A matrix [n, k] of any dtype. It borrows its bytes (from a mapped file) or shares ownership of
/// them; copies are cheap and see the same bytes.
struct Weight {
  DType dtype = DType::f32;
  std::int64_t n = 0;               // rows: outputs
  std::int64_t k = 0;               // columns: inputs
  const std::byte* data = nullptr;  // [n, row_bytes(dtype, k)], or panels
  const float* scales = nullptr;    // FP8 only: [ceil(n / 128), ceil(k / 128)]
  std::shared_ptr<const void> owner =
      nullptr;  // keeps data (and scales) alive; empty when borrowed
  WeightLayout layout = WeightLayout::rows;

  bool empty() const { return data == nullptr; }
  std::int64_t bytes() const;
  /// Rows [begin, begin + count) as a matrix of their own; not for FP8 with scales, nor packed.
  Weight rows(std::int64_t begin, std::int64_t count) const;
  /// The values of a float32 weight [n, k]. Throws Error for any other dtype: gradients flow
  /// through float32 weights only.
  ConstView floats() const;
  /// Decodes values [k0, k0 + out.size()) of row `row`; k0 and the size at block boundaries.
  void decode(std::int64_t row, std::int64_t k0, std::span<float> out) const;
};

/// A float32 weight of its own memory, zeroed. `tensor` writes it.
struct FloatWeight {
  explicit FloatWeight(std::int64_t n, std::int64_t k);
  std::shared_ptr<Tensor> tensor;  // [n, k]
  Weight weight;
};

/// The decoded values of a weight of any type, as a float32 weight of its own memory.
Weight to_floats(const Weight& weight);

}  // namespace frugal::ops

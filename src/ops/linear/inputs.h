// The activations of a batch of products, as kernels read them.
#pragma once

#include <vector>

#include "ops/linear/linear.h"
#include "ops/linear/linear_kernels.h"

namespace frugal::ops {

/// True when a product with w rounds its activations to whole numbers.
bool multiplies_levels(const Weight& w);

/// The rows that a product counts, one after the other: as floats or, where it multiplies levels,
/// as blocks [T, k / 32].
struct Input {
  StridedView<const float> x;
  const ActivationBlock* blocks = nullptr;
};

/// The inputs of all products: each distinct x is rounded once, and each distinct choice of its
/// rows brought together once.
class Inputs {
 public:
  /// Memory comes from `scratch`.
  Inputs(std::span<const Product> products, Arena& scratch);

  void prepare(ThreadPool& threads, QuantizeRow quantize_row);

  /// Valid after prepare().
  const Input& of(std::size_t product) const { return inputs_[product]; }

 private:
  // An x to be rounded.
  struct Rounded {
    StridedView<const float> x;
    ActivationBlock* blocks;  // [rows, k / 32]
    std::int64_t before;      // rows of those before it

    std::int64_t count() const { return x.rows; }
  };
  // Rows of floats or blocks that are copied to follow each other.
  struct Picked {
    const std::byte* from;
    std::int64_t stride;  // bytes from row to row
    std::int64_t bytes;   // of a row
    std::span<const std::int64_t> rows;
    std::byte* to;
    std::int64_t before;  // rows of those before it

    std::int64_t count() const { return static_cast<std::int64_t>(rows.size()); }
  };

  const Rounded& round(StridedView<const float> x, Arena& scratch);
  std::byte* pick(const std::byte* from, std::int64_t stride, std::int64_t bytes,
                  std::span<const std::int64_t> rows, Arena& scratch);

  std::vector<Input> inputs_;  // one a product
  std::vector<Rounded> rounded_;
  std::vector<Picked> picked_;
};

}  // namespace frugal::ops

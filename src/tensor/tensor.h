// Matrices: memory that is owned (Tensor) or borrowed (View).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"

namespace frugal {

/// A borrowed row-major matrix [rows, cols] of T, rows packed without gaps.
template <typename T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  T* row(std::int64_t i) const { return data + i * cols; }
  std::int64_t size() const { return rows * cols; }
  std::span<T> span() const { return {data, static_cast<std::size_t>(size())}; }
  // NOLINTNEXTLINE(google-explicit-constructor): a writable view serves wherever a const one does.
  operator MatrixView<const T>() const { return {data, rows, cols}; }
};

using View = MatrixView<float>;
using ConstView = MatrixView<const float>;

/// A borrowed matrix [rows, cols] of T whose rows lie `stride` values apart: some columns of a
/// wider one.
template <typename T>
struct StridedView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  StridedView(T* first, std::int64_t n_rows, std::int64_t n_cols, std::int64_t row_stride)
      : data(first), rows(n_rows), cols(n_cols), stride(row_stride) {}
  // NOLINTBEGIN(google-explicit-constructor): a packed view serves wherever a strided one does.
  template <typename U>
  StridedView(MatrixView<U> x) : StridedView(x.data, x.rows, x.cols, x.cols) {}
  // NOLINTEND(google-explicit-constructor)

  T* row(std::int64_t i) const { return data + i * stride; }
  /// Columns [begin, begin + count) of a packed matrix.
  static StridedView columns(MatrixView<T> x, std::int64_t begin, std::int64_t count) {
    return {x.data + begin, x.rows, count, x.cols};
  }
};

/// Owned bytes, aligned to 64 (a cache line, and the widest SIMD register), zeroed. Large buffers
/// come straight from the kernel, so pages that nobody touches cost nothing.
class Buffer {
 public:
  Buffer() = default;
  /// Throws Error naming `what` when the memory cannot be had.
  explicit Buffer(std::size_t bytes, const char* what = "a buffer");

  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  struct Free {
    std::size_t mapped;  // bytes mapped, or 0 when the memory came from the allocator
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte[], Free> data_{nullptr, Free{0}};
  std::size_t size_ = 0;
};

/// An owned float matrix [rows, cols], zeroed.
class Tensor {
 public:
  Tensor() = default;
  Tensor(std::int64_t rows, std::int64_t cols);

  View view() const { return {buffer_.as<float>(), rows_, cols_}; }
  float* data() const { return buffer_.as<float>(); }
  float* row(std::int64_t i) const { return data() + i * cols_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }

 private:
  Buffer buffer_;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
};

}  // namespace frugal

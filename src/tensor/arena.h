// Scratch memory that is given back all at once.
#pragma once

#include <cstddef>
#include <vector>

#include "tensor/tensor.h"

namespace frugal {

/// Hands out memory in order and takes it back by mark, as a stack does. Grows in chunks, whose
/// memory is kept for the next use. Memory is not cleared when it is handed out again.
class Arena {
 public:
  struct Mark {
    std::size_t chunk = 0;
    std::size_t used = 0;
  };

  explicit Arena(std::size_t chunk_bytes = 8U << 20) : chunk_bytes_(chunk_bytes) {}

  /// Bytes aligned to 64, valid until a release of an earlier mark.
  std::byte* allocate(std::size_t bytes);
  template <typename T>
  std::span<T> array(std::int64_t count) {
    return {reinterpret_cast<T*>(allocate(static_cast<std::size_t>(count) * sizeof(T))),
            static_cast<std::size_t>(count)};
  }
  /// [rows, cols], contents undefined.
  View matrix(std::int64_t rows, std::int64_t cols) {
    return {array<float>(rows * cols).data(), rows, cols};
  }

  Mark mark() const { return {chunk_, used_}; }
  void release(Mark mark);
  /// Bytes that all chunks hold.
  std::size_t capacity() const;

 private:
  std::size_t chunk_bytes_;
  std::vector<Buffer> chunks_;
  std::size_t chunk_ = 0;  // the chunk in use
  std::size_t used_ = 0;   // bytes of it handed out
};

}  // namespace frugal

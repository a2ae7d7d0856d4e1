// Memory for the packed factors of a product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace frugal::ops {

/// `count` uninitialised values that begin at a cache line.
template <typename T>
class PackBuffer {
 public:
  explicit PackBuffer(std::int64_t count)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(
            static_cast<std::size_t>(count) * sizeof(T) + kLine)) {}
  T* data() const {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
    return reinterpret_cast<T*>((address + kLine - 1) / kLine * kLine);
  }

 private:
  static constexpr std::size_t kLine = 64;
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace frugal::ops

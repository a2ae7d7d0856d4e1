#include "tensor/tensor.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

namespace frugal {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kMapFrom = 4U << 20;

}  // namespace

void Buffer::Free::operator()(std::byte* data) const {
  if (mapped > 0) {
    ::munmap(data, mapped);
  } else {
    std::free(data);  // NOLINT: it came from aligned_alloc
  }
}

Buffer::Buffer(std::size_t bytes, const char* what) : size_(bytes) {
  if (bytes == 0) return;
  if (bytes >= kMapFrom) {
    void* mapped =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(mapped != MAP_FAILED, "out of memory: {} needs {} bytes", what, bytes);
    ::madvise(mapped, bytes, MADV_HUGEPAGE);
    data_ = decltype(data_)(static_cast<std::byte*>(mapped), Free{bytes});
    return;
  }
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, rounded);
  require(memory != nullptr, "out of memory: {} needs {} bytes", what, bytes);
  std::memset(memory, 0, rounded);
  data_ = decltype(data_)(static_cast<std::byte*>(memory), Free{0});
}

Tensor::Tensor(std::int64_t rows, std::int64_t cols) : rows_(rows), cols_(cols) {
  std::int64_t bytes = 0;
  require(rows >= 0 && cols >= 0 && !__builtin_mul_overflow(rows, cols, &bytes) &&
              !__builtin_mul_overflow(bytes, std::int64_t{sizeof(float)}, &bytes),
          "a matrix of {} x {} floats is too large", rows, cols);
  buffer_ = Buffer(static_cast<std::size_t>(bytes), "a matrix");
}

}  // namespace frugal

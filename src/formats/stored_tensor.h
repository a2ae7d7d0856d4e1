// A named tensor as it lies in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"

namespace frugal::formats {

/// Borrows its bytes from the file's mapping.
struct StoredTensor {
  std::string name;
  DType dtype = DType::f32;
  /// Outermost first: a matrix is [N, K], N rows of K consecutive values. Empty for a scalar.
  std::vector<std::int64_t> shape;
  /// Exactly the bytes of the shape. They may start at any address: safetensors does not align.
  std::span<const std::byte> data;
  std::filesystem::path file;

  std::int64_t elements() const;
};

/// A tensor to be written. `data` is called once, when its turn in the file has come, and the bytes
/// it returns need to live until the next tensor's call: a converter may reuse one buffer.
struct TensorSource {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;  // outermost first
  std::function<std::span<const std::byte>()> data;
};

/// "[576, 49152]".
std::string shape_text(std::span<const std::int64_t> shape);

/// Bytes that a tensor takes. Throws Error starting with `what` ("model.gguf: tensor x") when a
/// dimension is negative, the product does not fit 63 bits, or rows are no multiple of the block.
std::int64_t tensor_bytes(DType dtype, std::span<const std::int64_t> shape, std::string_view what);

}  // namespace frugal::formats

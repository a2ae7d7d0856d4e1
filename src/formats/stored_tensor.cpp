#include "formats/stored_tensor.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace frugal::formats {

std::int64_t StoredTensor::elements() const {
  std::int64_t product = 1;  // tensor_bytes() has checked that it fits
  for (const std::int64_t dim : shape) product *= dim;
  return product;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::int64_t tensor_bytes(DType dtype, std::span<const std::int64_t> shape, std::string_view what) {
  std::int64_t elements = 1;
  for (const std::int64_t dim : shape) {
    require(dim >= 0 && !__builtin_mul_overflow(elements, dim, &elements),
            "{}: the shape {} is too large", what, shape_text(shape));
  }
  const DTypeTraits& type = traits(dtype);
  const std::int64_t row = shape.empty() ? 1 : shape.back();
  require(row % type.block_size == 0, "{}: rows of {} values are no multiple of {}'s block of {}",
          what, row, type.name, type.block_size);
  std::int64_t bytes = 0;
  require(!__builtin_mul_overflow(elements / type.block_size, type.block_bytes, &bytes),
          "{}: the shape {} is too large", what, shape_text(shape));
  return bytes;
}

}  // namespace frugal::formats

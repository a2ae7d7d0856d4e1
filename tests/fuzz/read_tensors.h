// Reads all values of parsed tensors, so that a sanitizer sees any that lie outside of the input.
#pragma once

#include <cstddef>
#include <vector>

#include "formats/stored_tensor.h"
#include "quant/quant.h"

namespace frugal::testing {

inline void read_tensors(std::span<const formats::StoredTensor> tensors) {
  for (const formats::StoredTensor& tensor : tensors) {
    if (quant::can_dequantize(tensor.dtype)) {
      std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
      quant::dequantize(tensor.dtype, tensor.data, values);
    } else {
      const std::vector<std::byte> copy(tensor.data.begin(), tensor.data.end());
    }
  }
}

}  // namespace frugal::testing

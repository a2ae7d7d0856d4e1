// Any bytes as a safetensors file: an Error or a file whose every value can be read.
#include <cstdint>

#include "base/error.h"
#include "formats/safetensors.h"
#include "fuzz/read_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace frugal;
  try {
    const auto bytes = std::as_bytes(std::span(data, size));
    testing::read_tensors(formats::parse_safetensors(bytes, "fuzz.safetensors").tensors);
  } catch (const Error&) {
  }
  return 0;
}

// Any bytes as a GGUF file: an Error or a file whose every value can be read.
#include <cstdint>

#include "base/error.h"
#include "formats/gguf.h"
#include "fuzz/read_tensors.h"

namespace frugal::formats {
namespace {

void read_everything(std::span<const std::byte> bytes) {
  const GgufFile file = parse_gguf(bytes, "fuzz.gguf");
  for (const auto& entry : file.metadata.values()) {
    const auto try_getter = [&](auto getter) {
      try {
        (file.metadata.*getter)(entry.first);
      } catch (const Error&) {  // another type
      }
    };
    try_getter(&GgufMetadata::get_u32);
    try_getter(&GgufMetadata::get_float);
    try_getter(&GgufMetadata::get_bool);
    try_getter(&GgufMetadata::get_string);
    try_getter(&GgufMetadata::get_strings);
    try_getter(&GgufMetadata::get_ints);
    try_getter(&GgufMetadata::get_floats);
    try_getter(&GgufMetadata::get_bools);
  }
  testing::read_tensors(file.tensors);
}

}  // namespace
}  // namespace frugal::formats

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    frugal::formats::read_everything(std::as_bytes(std::span(data, size)));
  } catch (const frugal::Error&) {
  }
  return 0;
}

// The type numbers of GGUF files.
#pragma once

#include <optional>

#include "formats/gguf.h"

namespace frugal::formats {

/// Bytes of one value; 0 for strings and arrays, whose size varies.
std::size_t gguf_type_bytes(GgufType type);

/// The tensor type with this number, if frugal reads it.
std::optional<DType> dtype_of_ggml(std::uint32_t type);
/// The number of a tensor type, if GGUF has it.
std::optional<std::uint32_t> ggml_of_dtype(DType dtype);
/// GGML's name of a tensor type ("IQ2_XXS"), "type 77" when the number is not known.
std::string ggml_type_name(std::uint32_t type);

}  // namespace frugal::formats

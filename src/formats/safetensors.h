// The safetensors format: a JSON header, then the bytes of all tensors, packed
// (https://huggingface.co/docs/safetensors).
#pragma once

#include <map>

#include "formats/stored_tensor.h"

namespace frugal::formats {

struct SafetensorsFile {
  std::map<std::string, std::string> metadata;  // the header's __metadata__
  std::vector<StoredTensor> tensors;            // in the order of their bytes
};

/// Reads the header; the tensors borrow from `bytes`, a whole file, which `path` names in errors.
/// As strict as the format's reference: throws Error on a header that is too long or no JSON of the
/// expected form, unknown dtypes, names given twice, sizes that do not follow from the shape, and
/// bytes that belong to no tensor or to two.
SafetensorsFile parse_safetensors(std::span<const std::byte> bytes,
                                  const std::filesystem::path& path);

/// Writes a file in one piece: it appears under `path` only when complete and on disk. Tensors come
/// by dtype, largest elements first, then by name, so that each is aligned to its elements; the
/// file is the same, byte for byte, as the format's reference writes. Throws Error when a name
/// comes twice or is "__metadata__", a dtype is none of the format's, data has not the size of its
/// shape, or writing fails.
void write_safetensors(const std::filesystem::path& path, std::vector<TensorSource> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace frugal::formats

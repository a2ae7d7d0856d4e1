// What a checkpoint holds, for `frugal inspect`.
#pragma once

#include "base/json.h"
#include "formats/checkpoint.h"

namespace frugal::formats {

/// {"path", "format": "GGUF" or "safetensors", "architecture", "parameters", "bytes", "files",
///  "dtypes": {"Q4_1": {"tensors", "parameters", "bytes"}, ...},
///  "metadata": GGUF's keys, arrays as {"array": type, "count": n}, or "config": config.json,
///  "tensors": [{"name", "dtype", "shape" (outermost first), "bytes"}, ...] by name}.
/// "architecture" is null when the files do not say. The scales of FP8 weights are counted among
/// the bytes, not among the parameters.
Json inspect(const Checkpoint& checkpoint);

/// The same as tables for people, without metadata and config. Ends with a line break.
std::string inspect_text(const Json& inspected);

}  // namespace frugal::formats

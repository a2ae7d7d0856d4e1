#include "formats/inspect.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "base/error.h"
#include "base/progress.h"

namespace frugal::formats {

namespace {

constexpr std::size_t kLongestName = 200;  // in tables

// Text of a file as JSON can hold it: what is no UTF-8 becomes U+FFFD.
std::string utf8(std::string_view text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json value_json(const GgufMetadata& metadata, std::string_view key, const GgufValue& value) {
  if (value.is_array) return {{"array", gguf_type_name(value.type)}, {"count", value.count}};
  switch (value.type) {
    case GgufType::string:
      return utf8(metadata.get_string(key));
    case GgufType::boolean:
      return metadata.get_bool(key);
    case GgufType::f32:
    case GgufType::f64:
      return metadata.get_float(key);
    case GgufType::u64: {
      std::uint64_t number = 0;  // the one type that get_int() cannot hold
      std::memcpy(&number, value.encoded.data(), sizeof number);
      return number;
    }
    default:
      return metadata.get_int(key);
  }
}

Json metadata_json(const GgufMetadata& metadata) {
  Json json = Json::object();
  for (const auto& [key, value] : metadata.values()) {
    json[utf8(key)] = value_json(metadata, key, value);
  }
  return json;
}

Json architecture_of(const Checkpoint& checkpoint) {
  if (checkpoint.is_gguf()) {
    const auto name = checkpoint.metadata().find_string("general.architecture");
    return name ? Json(utf8(*name)) : Json();
  }
  const Json& config = checkpoint.config();
  const auto name = config.find("model_type");
  return name != config.end() && name->is_string() ? *name : Json();
}

std::int64_t parameters_of(const StoredTensor& tensor) {
  return tensor.name.ends_with("_scale_inv") ? 0 : tensor.elements();
}

struct Sums {
  std::int64_t tensors = 0;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;

  void add(const StoredTensor& tensor) {
    tensors += 1;
    parameters += parameters_of(tensor);
    bytes += std::ssize(tensor.data);
  }
};

// 1,234,567
std::string with_commas(std::int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string name_text(const Json& name) {
  return printable(name.get_ref<const std::string&>(), kLongestName);
}

std::string bytes_text(const Json& bytes) { return human_bytes(bytes.get<std::uint64_t>()); }

}  // namespace

Json inspect(const Checkpoint& checkpoint) {
  Json tensors = Json::array();
  Sums total;
  std::map<DType, Sums> by_dtype;
  std::set<std::filesystem::path> files;
  for (const StoredTensor& tensor : checkpoint.tensors()) {
    tensors.push_back({{"name", utf8(tensor.name)},
                       {"dtype", dtype_name(tensor.dtype)},
                       {"shape", tensor.shape},
                       {"bytes", tensor.data.size()}});
    total.add(tensor);
    by_dtype[tensor.dtype].add(tensor);
    files.insert(tensor.file);
  }
  Json dtypes = Json::object();
  for (const auto& [dtype, sums] : by_dtype) {
    dtypes[std::string(dtype_name(dtype))] = {
        {"tensors", sums.tensors}, {"parameters", sums.parameters}, {"bytes", sums.bytes}};
  }
  Json result = {{"path", utf8(checkpoint.path().string())},
                 {"format", checkpoint.is_gguf() ? "GGUF" : "safetensors"},
                 {"architecture", architecture_of(checkpoint)},
                 {"parameters", total.parameters},
                 {"bytes", total.bytes},
                 {"files", files.size()},
                 {"dtypes", std::move(dtypes)}};
  if (checkpoint.is_gguf()) {
    result["metadata"] = metadata_json(checkpoint.metadata());
  } else {
    result["config"] = checkpoint.config();
  }
  result["tensors"] = std::move(tensors);
  return result;
}

std::string inspect_text(const Json& inspected) {
  const Json& architecture = inspected["architecture"];
  std::string text = fmt::format(
      "{}\nformat        {}\narchitecture  {}\nparameters    {}\nsize          {} in {} file{}\n\n",
      name_text(inspected["path"]), inspected["format"].get<std::string>(),
      architecture.is_string() ? name_text(architecture) : "not named",
      with_commas(inspected["parameters"]), bytes_text(inspected["bytes"]),
      inspected["files"].get<int>(), inspected["files"] == 1 ? "" : "s");
  text += fmt::format("{:<8} {:>8} {:>18} {:>8}\n", "dtype", "tensors", "parameters", "size");
  for (const auto& [name, sums] : inspected["dtypes"].items()) {
    text += fmt::format("{:<8} {:>8} {:>18} {:>8}\n", name, with_commas(sums["tensors"]),
                        with_commas(sums["parameters"]), bytes_text(sums["bytes"]));
  }
  std::size_t width = 6;
  for (const Json& tensor : inspected["tensors"]) {
    width = std::max(width, name_text(tensor["name"]).size());
  }
  text += fmt::format("\n{:<{}}  {:<8} {}\n", "tensor", width, "dtype", "shape");
  for (const Json& tensor : inspected["tensors"]) {
    text += fmt::format("{:<{}}  {:<8} {}\n", name_text(tensor["name"]), width,
                        tensor["dtype"].get<std::string>(),
                        shape_text(tensor["shape"].get<std::vector<std::int64_t>>()));
  }
  return text;
}

}  // namespace frugal::formats

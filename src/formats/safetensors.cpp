#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/output_file.h"
#include "formats/large_json.h"

namespace frugal::formats {

namespace {

using simdjson::dom::element;

constexpr std::size_t kLengthBytes = 8;  // the header's length, little-endian
constexpr std::string_view kMetadataKey = "__metadata__";

// The types that the format and frugal share; the names are the same. A file holds them in this
// order, largest first, so that each tensor is aligned to its elements.
constexpr std::array kTypes = {DType::i64,  DType::f64, DType::f32,    DType::i32,
                               DType::bf16, DType::f16, DType::i16,    DType::f8_e4m3,
                               DType::i8,   DType::u8,  DType::boolean};

std::ptrdiff_t rank(DType dtype) { return std::ranges::find(kTypes, dtype) - kTypes.begin(); }

bool is_safetensors_type(DType dtype) { return rank(dtype) < std::ssize(kTypes); }

DType parse_type(std::string_view name, const std::string& what) {
  const auto found = std::ranges::find(kTypes, name, dtype_name);
  require(found != kTypes.end(), "{}: unknown dtype {}", what, printable(name));
  return *found;
}

// An array of counts under `key`.
std::vector<std::int64_t> parse_counts(element entry, std::string_view key,
                                       const std::string& what) {
  simdjson::dom::array array;
  require(entry[key].get(array) == simdjson::SUCCESS, "{}: no array \"{}\"", what, key);
  std::vector<std::int64_t> counts;
  for (const element number : array) {
    std::int64_t count = 0;
    require(number.get(count) == simdjson::SUCCESS && count >= 0,
            "{}: \"{}\" has an entry that is no count of at most 63 bits", what, key);
    counts.push_back(count);
  }
  return counts;
}

// One entry of the header; `data` is everything after the header.
StoredTensor parse_tensor(std::string_view name, element entry, std::span<const std::byte> data,
                          const std::filesystem::path& path) {
  const std::string what = fmt::format("{}: tensor {}", path.string(), printable(name));
  std::string_view type;
  require(entry["dtype"].get(type) == simdjson::SUCCESS, "{}: no string \"dtype\"", what);
  StoredTensor tensor{.name = std::string(name),
                      .dtype = parse_type(type, what),
                      .shape = parse_counts(entry, "shape", what),
                      .data = {},
                      .file = path};
  const auto offsets = parse_counts(entry, "data_offsets", what);
  require(offsets.size() == 2, "{}: {} \"data_offsets\", expected 2", what, offsets.size());
  const std::int64_t begin = offsets[0];
  const std::int64_t end = offsets[1];
  require(begin <= end && end <= std::ssize(data),
          "{}: bytes {} to {} do not lie in the file, which has {} bytes of data; is it complete?",
          what, begin, end, data.size());
  const std::int64_t bytes = tensor_bytes(tensor.dtype, tensor.shape, what);
  require(bytes == end - begin, "{}: {} bytes, but {} of {} takes {}", what, end - begin,
          shape_text(tensor.shape), dtype_name(tensor.dtype), bytes);
  tensor.data = data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(bytes));
  return tensor;
}

void parse_metadata(element entry, SafetensorsFile& file, const std::filesystem::path& path) {
  simdjson::dom::object pairs;
  require(entry.get(pairs) == simdjson::SUCCESS, "{}: __metadata__ is no object", path.string());
  for (const auto [key, json] : pairs) {
    std::string_view text;
    require(json.get(text) == simdjson::SUCCESS, "{}: __metadata__ {} is no string", path.string(),
            printable(key));
    file.metadata.emplace(key, text);
  }
}

// Every byte belongs to one tensor: what else lies there was lost by a broken writer or download.
void require_packed(std::span<const StoredTensor> tensors, std::span<const std::byte> data,
                    const std::filesystem::path& path) {
  const std::byte* end = data.data();
  for (const StoredTensor& tensor : tensors) {
    require(tensor.data.data() == end, "{}: tensor {} {}", path.string(), printable(tensor.name),
            tensor.data.data() < end ? "overlaps the one before it"
                                     : "starts after bytes that belong to no tensor");
    end += tensor.data.size();
  }
  const auto rest = data.size() - static_cast<std::size_t>(end - data.data());
  require(rest == 0, "{}: {} bytes at the end belong to no tensor", path.string(), rest);
}

void require_distinct_names(std::span<const StoredTensor> tensors,
                            const std::filesystem::path& path) {
  std::set<std::string_view> names;
  for (const StoredTensor& tensor : tensors) {
    require(names.insert(tensor.name).second, "{}: tensor {} is there twice", path.string(),
            printable(tensor.name));
  }
}

// A string as JSON.
std::string quoted(const std::string& text, const std::filesystem::path& path) {
  try {
    return Json(text).dump();
  } catch (const Json::type_error&) {
    fail("cannot write {}: the name {} is not UTF-8", path.string(), printable(text));
  }
}

std::string header_text(std::span<const TensorSource> tensors, std::span<const std::int64_t> sizes,
                        const std::map<std::string, std::string>& metadata,
                        const std::filesystem::path& path) {
  std::string text = "{";
  if (!metadata.empty()) {
    std::string pairs;
    for (const auto& [key, value] : metadata) {
      pairs +=
          fmt::format("{}{}:{}", pairs.empty() ? "" : ",", quoted(key, path), quoted(value, path));
    }
    text += fmt::format("\"{}\":{{{}}}", kMetadataKey, pairs);
  }
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    text += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}",
                        text.size() == 1 ? "" : ",", quoted(tensors[i].name, path),
                        dtype_name(tensors[i].dtype), Json(tensors[i].shape).dump(), offset,
                        offset + sizes[i]);
    offset += sizes[i];
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data is aligned to 8 bytes
  return text;
}

}  // namespace

SafetensorsFile parse_safetensors(std::span<const std::byte> bytes,
                                  const std::filesystem::path& path) {
  std::uint64_t length = 0;
  require(bytes.size() >= kLengthBytes, "{}: {} bytes are no safetensors file", path.string(),
          bytes.size());
  std::memcpy(&length, bytes.data(), kLengthBytes);
  require(length <= kMaxJsonBytes && length <= bytes.size() - kLengthBytes,
          "{}: a header of {} bytes does not fit the file of {} bytes: not safetensors, or not "
          "complete",
          path.string(), length, bytes.size());
  const auto header = bytes.subspan(kLengthBytes, length);
  const auto data = bytes.subspan(kLengthBytes + length);
  const LargeJson json({reinterpret_cast<const char*>(header.data()), header.size()},
                       path.string() + ": header");
  SafetensorsFile file;
  for (const auto [name, entry] : json.root()) {
    if (name == kMetadataKey) {
      parse_metadata(entry, file, path);
    } else {
      file.tensors.push_back(parse_tensor(name, entry, data, path));
    }
  }
  // Empty tensors come before the one that starts at the same byte.
  std::ranges::stable_sort(file.tensors, {}, [](const StoredTensor& tensor) {
    return std::pair(tensor.data.data(), tensor.data.size());
  });
  require_distinct_names(file.tensors, path);
  require_packed(file.tensors, data, path);
  return file;
}

void write_safetensors(const std::filesystem::path& path, std::vector<TensorSource> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::ranges::sort(tensors, {}, [](const TensorSource& tensor) {
    return std::pair(rank(tensor.dtype), std::string_view(tensor.name));
  });
  std::vector<std::int64_t> sizes;
  std::set<std::string_view> names = {kMetadataKey};
  for (const TensorSource& tensor : tensors) {
    const std::string what =
        fmt::format("cannot write {}: tensor {}", path.string(), printable(tensor.name));
    require(names.insert(tensor.name).second, "{}: the name is taken", what);
    require(is_safetensors_type(tensor.dtype), "{}: safetensors has no {}", what,
            dtype_name(tensor.dtype));
    sizes.push_back(tensor_bytes(tensor.dtype, tensor.shape, what));
  }
  const std::string header = header_text(tensors, sizes, metadata, path);
  const std::uint64_t length = header.size();
  OutputFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto data = tensors[i].data();
    require(std::ssize(data) == sizes[i], "cannot write {}: tensor {}: {} bytes instead of {}",
            path.string(), printable(tensors[i].name), data.size(), sizes[i]);
    file.write(data);
  }
  file.commit();
}

}  // namespace frugal::formats

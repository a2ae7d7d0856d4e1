// Writing GGUF files.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/output_file.h"
#include "formats/gguf.h"
#include "formats/gguf_types.h"

namespace frugal::formats {

namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kAlignment = 32;

template <typename T>
void append(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(T));
}

void append_string(std::string& out, std::string_view text) {
  append<std::uint64_t>(out, text.size());
  out += text;
}

std::uint64_t aligned(std::uint64_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

// Descriptions of all tensors; `sizes` gets their bytes.
std::string describe(std::span<const TensorSource> tensors, std::vector<std::uint64_t>& sizes,
                     const std::filesystem::path& path) {
  std::string out;
  std::uint64_t offset = 0;
  std::set<std::string_view> names;
  for (const TensorSource& tensor : tensors) {
    const std::string what =
        fmt::format("cannot write {}: tensor {}", path.string(), printable(tensor.name));
    const auto type = ggml_of_dtype(tensor.dtype);
    require(type.has_value(), "{}: GGUF has no {}", what, dtype_name(tensor.dtype));
    require(names.insert(tensor.name).second, "{}: the name is taken", what);
    require(tensor.shape.size() <= 4, "{}: {} dimensions, GGUF has at most 4", what,
            tensor.shape.size());
    append_string(out, tensor.name);
    append<std::uint32_t>(out, static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto dim = tensor.shape.rbegin(); dim != tensor.shape.rend(); ++dim) append(out, *dim);
    append(out, *type);
    append(out, offset);
    sizes.push_back(static_cast<std::uint64_t>(tensor_bytes(tensor.dtype, tensor.shape, what)));
    offset += aligned(sizes.back());
  }
  return out;
}

void pad(OutputFile& file) {
  static constexpr char kZeros[kAlignment] = {};
  file.write(std::string_view(kZeros, aligned(file.size()) - file.size()));
}

}  // namespace

void GgufMetadataBuilder::start(std::string_view key, GgufType type) {
  require(!std::ranges::count(keys_, key), "key {} is set twice", printable(key));
  keys_.emplace_back(key);
  append_string(encoded_, key);
  append(encoded_, type);
}

void GgufMetadataBuilder::start_array(std::string_view key, GgufType type, std::size_t count) {
  start(key, GgufType::array);
  append(encoded_, type);
  append<std::uint64_t>(encoded_, count);
}

void GgufMetadataBuilder::set_u32(std::string_view key, std::uint32_t value) {
  start(key, GgufType::u32);
  append(encoded_, value);
}

void GgufMetadataBuilder::set_int(std::string_view key, std::int64_t value) {
  start(key, GgufType::i64);
  append(encoded_, value);
}

void GgufMetadataBuilder::set_float(std::string_view key, float value) {
  start(key, GgufType::f32);
  append(encoded_, value);
}

void GgufMetadataBuilder::set_bool(std::string_view key, bool value) {
  start(key, GgufType::boolean);
  append<std::uint8_t>(encoded_, value ? 1 : 0);
}

void GgufMetadataBuilder::set_string(std::string_view key, std::string_view value) {
  start(key, GgufType::string);
  append_string(encoded_, value);
}

void GgufMetadataBuilder::set_strings(std::string_view key, std::span<const std::string> values) {
  start_array(key, GgufType::string, values.size());
  for (const std::string& value : values) append_string(encoded_, value);
}

void GgufMetadataBuilder::set_ints(std::string_view key, std::span<const std::int32_t> values) {
  start_array(key, GgufType::i32, values.size());
  for (const std::int32_t value : values) append(encoded_, value);
}

void GgufMetadataBuilder::set_floats(std::string_view key, std::span<const float> values) {
  start_array(key, GgufType::f32, values.size());
  for (const float value : values) append(encoded_, value);
}

void GgufMetadataBuilder::set(std::string_view key, const GgufValue& value) {
  if (value.is_array) {
    start_array(key, value.type, value.count);
  } else {
    start(key, value.type);
  }
  encoded_.append(reinterpret_cast<const char*>(value.encoded.data()), value.encoded.size());
}

void write_gguf(const std::filesystem::path& path, const GgufMetadataBuilder& metadata,
                std::span<const TensorSource> tensors) {
  std::vector<std::uint64_t> sizes;
  const std::string descriptions = describe(tensors, sizes, path);
  std::string header = "GGUF";
  append(header, kVersion);
  append<std::uint64_t>(header, tensors.size());
  append(header, metadata.count());
  OutputFile file(path);
  file.write(header);
  file.write(metadata.encoded());
  file.write(descriptions);
  pad(file);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto data = tensors[i].data();
    require(data.size() == sizes[i], "cannot write {}: tensor {}: {} bytes instead of {}",
            path.string(), printable(tensors[i].name), data.size(), sizes[i]);
    file.write(data);
    pad(file);
  }
  file.commit();
}

}  // namespace frugal::formats

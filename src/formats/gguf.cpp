#include "formats/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/output_file.h"
#include "formats/gguf_types.h"

namespace frugal::formats {

namespace {

constexpr std::uint32_t kMaxDims = 4;
constexpr std::uint64_t kDefaultAlignment = 32;
// Far above any model: what a file of zeros may make us allocate ends here.
constexpr std::uint64_t kMaxEntries = 1U << 20;  // keys, or tensors
constexpr std::uint64_t kMaxStrings = 1U << 24;  // in one array

// Takes values off the front of a file. Every size is checked before it is used.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string file)
      : bytes_(bytes), file_(std::move(file)) {}

  const std::string& file() const { return file_; }
  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }

  std::span<const std::byte> take(std::uint64_t count, std::string_view what) {
    require(count <= left(), "{}: ends inside {}, which takes {} bytes where {} are left", file_,
            what, count, left());
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  template <typename T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  std::string_view string(std::string_view what) {
    const auto length = number<std::uint64_t>(what);
    const auto text = take(length, what);
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

  /// What was read since `position`.
  std::span<const std::byte> since(std::size_t position) const {
    return bytes_.subspan(position, position_ - position);
  }

 private:
  std::span<const std::byte> bytes_;
  std::string file_;
  std::size_t position_ = 0;
};

GgufType read_type(Reader& reader, const std::string& what) {
  const auto number = reader.number<std::uint32_t>(what);
  require(number <= static_cast<std::uint32_t>(GgufType::f64), "{}: {} has unknown type {}",
          reader.file(), what, number);
  return static_cast<GgufType>(number);
}

GgufValue read_value(Reader& reader, const std::string& what) {
  GgufValue value;
  value.type = read_type(reader, what);
  if (value.type == GgufType::array) {
    value.is_array = true;
    value.type = read_type(reader, what);
    require(value.type != GgufType::array,
            "{}: {} is an array of arrays, which frugal does not read", reader.file(), what);
    value.count = reader.number<std::uint64_t>(what);
  }
  const std::size_t start = reader.position();
  if (value.type != GgufType::string) {
    // Each value takes a byte or more, so a count above what is left is a lie, and the product of
    // an honest one fits.
    require(value.count <= reader.left(), "{}: {} claims {} values where {} bytes are left",
            reader.file(), what, value.count, reader.left());
    reader.take(value.count * gguf_type_bytes(value.type), what);
  } else {
    require(value.count <= kMaxStrings, "{}: {} claims {} strings, expected at most {}",
            reader.file(), what, value.count, kMaxStrings);
    for (std::uint64_t i = 0; i < value.count; ++i) value.strings.push_back(reader.string(what));
  }
  value.encoded = reader.since(start);
  return value;
}

std::map<std::string_view, GgufValue> read_metadata(Reader& reader, std::uint64_t count) {
  std::map<std::string_view, GgufValue> values;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view key = reader.string(fmt::format("key {} of {}", i, count));
    const std::string what = fmt::format("key {}", printable(key));
    require(values.emplace(key, read_value(reader, what)).second, "{}: {} is there twice",
            reader.file(), what);
  }
  return values;
}

// A tensor's description; its data is set once it is known where the data starts.
struct TensorInfo {
  StoredTensor tensor;
  std::uint64_t offset = 0;
};

TensorInfo read_tensor(Reader& reader, std::uint64_t i, const std::filesystem::path& path) {
  TensorInfo info;
  info.tensor.file = path;
  info.tensor.name = reader.string(fmt::format("the name of tensor {}", i));
  const std::string what = fmt::format("tensor {}", printable(info.tensor.name));
  const auto dims = reader.number<std::uint32_t>(what);
  require(dims <= kMaxDims, "{}: {} has {} dimensions, expected at most {}", reader.file(), what,
          dims, kMaxDims);
  for (std::uint32_t d = 0; d < dims; ++d) {
    const auto dim = reader.number<std::uint64_t>(what);
    require(dim <= INT64_MAX, "{}: {} has a dimension of {}", reader.file(), what, dim);
    info.tensor.shape.push_back(static_cast<std::int64_t>(dim));
  }
  std::ranges::reverse(info.tensor.shape);
  const auto type = reader.number<std::uint32_t>(what);
  const auto dtype = dtype_of_ggml(type);
  require(dtype.has_value(), "{}: {} is stored as {}, which frugal does not read", reader.file(),
          what, ggml_type_name(type));
  info.tensor.dtype = *dtype;
  info.offset = reader.number<std::uint64_t>(what);
  return info;
}

std::uint64_t alignment_of(const GgufMetadata& metadata) {
  const std::uint64_t alignment =
      metadata.find_u32("general.alignment").value_or(kDefaultAlignment);
  require(std::has_single_bit(alignment), "{}: general.alignment is {}, expected a power of two",
          metadata.file().string(), alignment);
  return alignment;
}

// Gives each tensor its part of `data`, everything after the descriptions.
void place_tensors(std::vector<TensorInfo>& infos, std::span<const std::byte> data,
                   std::uint64_t alignment) {
  for (auto& [tensor, offset] : infos) {
    const std::string what =
        fmt::format("{}: tensor {}", tensor.file.string(), printable(tensor.name));
    const auto bytes = static_cast<std::uint64_t>(tensor_bytes(tensor.dtype, tensor.shape, what));
    require(offset % alignment == 0, "{}: offset {} is no multiple of the alignment {}", what,
            offset, alignment);
    require(offset <= data.size() && bytes <= data.size() - offset,
            "{}: {} bytes at offset {} do not lie in the file, which has {} bytes of data; is it "
            "complete?",
            what, bytes, offset, data.size());
    tensor.data = data.subspan(offset, bytes);
  }
}

void require_distinct(std::span<const StoredTensor> tensors, const std::string& file) {
  std::vector<const StoredTensor*> sorted;
  std::set<std::string_view> names;
  for (const StoredTensor& tensor : tensors) {
    require(names.insert(tensor.name).second, "{}: tensor {} is there twice", file,
            printable(tensor.name));
    if (!tensor.data.empty()) sorted.push_back(&tensor);
  }
  std::ranges::sort(sorted, {}, [](const StoredTensor* tensor) { return tensor->data.data(); });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const auto& before = *sorted[i - 1];
    require(before.data.data() + before.data.size() <= sorted[i]->data.data(),
            "{}: tensors {} and {} overlap", file, printable(before.name),
            printable(sorted[i]->name));
  }
}

void require_version(std::uint32_t version, const std::string& file) {
  require((version & 0xFFFF) != 0, "{}: a big-endian GGUF file, which frugal does not read", file);
  require(version == 2 || version == 3, "{}: GGUF version {}, expected 2 or 3", file, version);
}

}  // namespace

GgufFile parse_gguf(std::span<const std::byte> bytes, const std::filesystem::path& path) {
  Reader reader(bytes, path.string());
  const auto magic = reader.take(4, "the magic number");
  require(std::memcmp(magic.data(), "GGUF", 4) == 0, "{}: not a GGUF file", path.string());
  GgufFile file;
  file.version = reader.number<std::uint32_t>("the version");
  require_version(file.version, path.string());
  const auto tensors = reader.number<std::uint64_t>("the number of tensors");
  const auto pairs = reader.number<std::uint64_t>("the number of keys");
  require(tensors <= kMaxEntries && pairs <= kMaxEntries,
          "{}: claims {} tensors and {} keys, expected at most {}", path.string(), tensors, pairs,
          kMaxEntries);
  file.metadata = GgufMetadata(path, read_metadata(reader, pairs));
  const std::uint64_t alignment = alignment_of(file.metadata);
  std::vector<TensorInfo> infos;
  for (std::uint64_t i = 0; i < tensors; ++i) infos.push_back(read_tensor(reader, i, path));
  // A file without tensors, such as a vocabulary, may end right here.
  const std::uint64_t start = (reader.position() + alignment - 1) / alignment * alignment;
  place_tensors(infos, bytes.subspan(std::min<std::uint64_t>(start, bytes.size())), alignment);
  for (TensorInfo& info : infos) file.tensors.push_back(std::move(info.tensor));
  require_distinct(file.tensors, path.string());
  return file;
}

}  // namespace frugal::formats

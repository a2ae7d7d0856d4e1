// GGUF, the file format of llama.cpp: typed metadata, then tensors (ggml/docs/gguf.md).
#pragma once

#include <map>
#include <optional>

#include "formats/stored_tensor.h"

namespace frugal::formats {

/// The types of metadata values, numbered as in the file.
enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64,
};

const char* gguf_type_name(GgufType type);

/// One metadata value; borrows from the file's mapping.
struct GgufValue {
  GgufType type = GgufType::u8;  // of the value, or of an array's elements
  bool is_array = false;
  std::uint64_t count = 1;                // elements of an array
  std::span<const std::byte> encoded;     // the value, or all elements, as they lie in the file
  std::vector<std::string_view> strings;  // [count] when type is string
};

/// The key-value pairs of a GGUF file. Getters throw Error naming file and key when the key is
/// absent, has another type, or a number does not fit; the find_ variants return nothing when the
/// key is absent, and throw all the same when it has another type. Integers of any width serve as
/// integers, f32 and f64 as floats. Strings and views are valid while the mapping lives.
class GgufMetadata {
 public:
  GgufMetadata() = default;
  GgufMetadata(std::filesystem::path file, std::map<std::string_view, GgufValue> values)
      : file_(std::move(file)), values_(std::move(values)) {}

  bool contains(std::string_view key) const { return values_.contains(key); }
  bool is_array(std::string_view key) const;

  std::uint32_t get_u32(std::string_view key) const;
  std::int64_t get_int(std::string_view key) const;
  double get_float(std::string_view key) const;
  bool get_bool(std::string_view key) const;
  std::string_view get_string(std::string_view key) const;
  const std::vector<std::string_view>& get_strings(std::string_view key) const;
  std::vector<std::int64_t> get_ints(std::string_view key) const;
  std::vector<float> get_floats(std::string_view key) const;
  std::vector<bool> get_bools(std::string_view key) const;

  std::optional<std::uint32_t> find_u32(std::string_view key) const;
  std::optional<std::int64_t> find_int(std::string_view key) const;
  std::optional<double> find_float(std::string_view key) const;
  std::optional<bool> find_bool(std::string_view key) const;
  std::optional<std::string_view> find_string(std::string_view key) const;
  /// Null when the key is absent.
  const std::vector<std::string_view>* find_strings(std::string_view key) const;
  std::optional<std::vector<std::int64_t>> find_ints(std::string_view key) const;
  std::optional<std::vector<float>> find_floats(std::string_view key) const;
  std::optional<std::vector<bool>> find_bools(std::string_view key) const;

  /// All pairs, by key.
  const std::map<std::string_view, GgufValue>& values() const { return values_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  // `read` gives element i of a value, or nothing when the type is not the `wanted` one.
  template <typename T, typename Read>
  std::optional<T> find_one(std::string_view key, std::string_view wanted, Read read) const;
  template <typename T, typename Read>
  std::optional<std::vector<T>> find_all(std::string_view key, std::string_view wanted,
                                         Read read) const;
  template <typename T>
  T present(std::string_view key, std::optional<T> value) const;

  std::filesystem::path file_;
  std::map<std::string_view, GgufValue> values_;
};

struct GgufFile {
  std::uint32_t version = 0;  // 2 or 3, which differ in nothing that little-endian files show
  GgufMetadata metadata;
  std::vector<StoredTensor> tensors;  // in the order of the file
};

/// Reads everything but the tensors' values, which borrow from `bytes`, a whole file that `path`
/// names in errors. Dimensions are turned round: GGUF stores the innermost first. Throws Error on
/// other versions, big-endian files, nested arrays, keys or names given twice, unknown or
/// unsupported types, and offsets or sizes that leave the file, overlap or miss the alignment.
GgufFile parse_gguf(std::span<const std::byte> bytes, const std::filesystem::path& path);

/// Metadata to be written, in the order in which it is set.
class GgufMetadataBuilder {
 public:
  void set_u32(std::string_view key, std::uint32_t value);
  void set_int(std::string_view key, std::int64_t value);
  void set_float(std::string_view key, float value);
  void set_bool(std::string_view key, bool value);
  void set_string(std::string_view key, std::string_view value);
  void set_strings(std::string_view key, std::span<const std::string> values);
  void set_ints(std::string_view key, std::span<const std::int32_t> values);
  void set_floats(std::string_view key, std::span<const float> values);
  /// A value of another file, as it is.
  void set(std::string_view key, const GgufValue& value);

  std::uint64_t count() const { return keys_.size(); }
  std::string_view encoded() const { return encoded_; }

 private:
  void start(std::string_view key, GgufType type);
  void start_array(std::string_view key, GgufType type, std::size_t count);

  std::vector<std::string> keys_;
  std::string encoded_;
};

/// Writes a GGUF v3 file in one piece: it appears under `path` only when complete and on disk.
/// Tensors come in the given order, aligned to 32 bytes. Throws Error when a name comes twice, a
/// dtype is none of the format's, data has not the size of its shape, or writing fails.
void write_gguf(const std::filesystem::path& path, const GgufMetadataBuilder& metadata,
                std::span<const TensorSource> tensors);

}  // namespace frugal::formats

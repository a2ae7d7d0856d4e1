// The typed getters of GgufMetadata.
#include <cstring>

#include "base/error.h"
#include "formats/gguf.h"
#include "formats/gguf_types.h"

namespace frugal::formats {

namespace {

template <typename T>
T load(const GgufValue& value, std::uint64_t i) {
  T number;
  std::memcpy(&number, value.encoded.data() + i * sizeof(T), sizeof(T));
  return number;
}

// Element i as an integer; nothing when the type is no integer type or 63 bits are too few.
std::optional<std::int64_t> integer(const GgufValue& value, std::uint64_t i) {
  switch (value.type) {
    case GgufType::u8:
      return load<std::uint8_t>(value, i);
    case GgufType::i8:
      return load<std::int8_t>(value, i);
    case GgufType::u16:
      return load<std::uint16_t>(value, i);
    case GgufType::i16:
      return load<std::int16_t>(value, i);
    case GgufType::u32:
      return load<std::uint32_t>(value, i);
    case GgufType::i32:
      return load<std::int32_t>(value, i);
    case GgufType::i64:
      return load<std::int64_t>(value, i);
    case GgufType::u64: {
      const auto number = load<std::uint64_t>(value, i);
      if (number > INT64_MAX) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> floating(const GgufValue& value, std::uint64_t i) {
  if (value.type == GgufType::f32) return load<float>(value, i);
  if (value.type == GgufType::f64) return load<double>(value, i);
  return std::nullopt;
}

std::optional<bool> boolean(const GgufValue& value, std::uint64_t i) {
  if (value.type != GgufType::boolean) return std::nullopt;
  return load<std::uint8_t>(value, i) != 0;
}

std::string type_text(const GgufValue& value) {
  const char* name = gguf_type_name(value.type);
  return value.is_array ? fmt::format("an array of {} {}", value.count, name) : name;
}

}  // namespace

bool GgufMetadata::is_array(std::string_view key) const {
  const auto found = values_.find(key);
  return found != values_.end() && found->second.is_array;
}

template <typename T, typename Read>
std::optional<T> GgufMetadata::find_one(std::string_view key, std::string_view wanted,
                                        Read read) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  const GgufValue& value = found->second;
  const auto one = value.is_array ? std::nullopt : read(value, 0);
  require(one.has_value(), "{}: key {} is {}, expected {}", file_.string(), printable(key),
          type_text(value), wanted);
  return static_cast<T>(*one);
}

template <typename T, typename Read>
std::optional<std::vector<T>> GgufMetadata::find_all(std::string_view key, std::string_view wanted,
                                                     Read read) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  const GgufValue& value = found->second;
  std::vector<T> all;
  for (std::uint64_t i = 0; value.is_array && i < value.count; ++i) {
    const auto one = read(value, i);
    if (!one.has_value()) break;
    all.push_back(static_cast<T>(*one));
  }
  require(value.is_array && all.size() == value.count, "{}: key {} is {}, expected {}",
          file_.string(), printable(key), type_text(value), wanted);
  return all;
}

std::optional<std::int64_t> GgufMetadata::find_int(std::string_view key) const {
  return find_one<std::int64_t>(key, "an integer of at most 63 bits", integer);
}

std::optional<std::uint32_t> GgufMetadata::find_u32(std::string_view key) const {
  const auto number = find_int(key);
  if (!number) return std::nullopt;
  require(*number >= 0 && *number <= UINT32_MAX, "{}: key {} is {}, expected 0 to {}",
          file_.string(), printable(key), *number, UINT32_MAX);
  return static_cast<std::uint32_t>(*number);
}

std::optional<double> GgufMetadata::find_float(std::string_view key) const {
  return find_one<double>(key, "f32 or f64", floating);
}

std::optional<bool> GgufMetadata::find_bool(std::string_view key) const {
  return find_one<bool>(key, "a bool", boolean);
}

std::optional<std::string_view> GgufMetadata::find_string(std::string_view key) const {
  return find_one<std::string_view>(
      key, "a string",
      [](const GgufValue& value, std::uint64_t) -> std::optional<std::string_view> {
        if (value.type != GgufType::string) return std::nullopt;
        return value.strings.front();
      });
}

const std::vector<std::string_view>* GgufMetadata::find_strings(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  const GgufValue& value = found->second;
  require(value.is_array && value.type == GgufType::string,
          "{}: key {} is {}, expected an array of strings", file_.string(), printable(key),
          type_text(value));
  return &value.strings;
}

std::optional<std::vector<std::int64_t>> GgufMetadata::find_ints(std::string_view key) const {
  return find_all<std::int64_t>(key, "an array of integers of at most 63 bits", integer);
}

std::optional<std::vector<float>> GgufMetadata::find_floats(std::string_view key) const {
  return find_all<float>(key, "an array of f32 or f64", floating);
}

std::optional<std::vector<bool>> GgufMetadata::find_bools(std::string_view key) const {
  return find_all<bool>(key, "an array of bools", boolean);
}

template <typename T>
T GgufMetadata::present(std::string_view key, std::optional<T> value) const {
  require(value.has_value(), "{}: no key {}", file_.string(), printable(key));
  return *std::move(value);
}

std::uint32_t GgufMetadata::get_u32(std::string_view key) const {
  return present(key, find_u32(key));
}
std::int64_t GgufMetadata::get_int(std::string_view key) const {
  return present(key, find_int(key));
}
double GgufMetadata::get_float(std::string_view key) const { return present(key, find_float(key)); }
bool GgufMetadata::get_bool(std::string_view key) const { return present(key, find_bool(key)); }
std::string_view GgufMetadata::get_string(std::string_view key) const {
  return present(key, find_string(key));
}
const std::vector<std::string_view>& GgufMetadata::get_strings(std::string_view key) const {
  const auto* strings = find_strings(key);
  require(strings != nullptr, "{}: no key {}", file_.string(), printable(key));
  return *strings;
}
std::vector<std::int64_t> GgufMetadata::get_ints(std::string_view key) const {
  return present(key, find_ints(key));
}
std::vector<float> GgufMetadata::get_floats(std::string_view key) const {
  return present(key, find_floats(key));
}
std::vector<bool> GgufMetadata::get_bools(std::string_view key) const {
  return present(key, find_bools(key));
}

}  // namespace frugal::formats

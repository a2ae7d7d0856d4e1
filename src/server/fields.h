// Reads the fields of a JSON object that a client sent.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"

namespace frugal::server {

/// Each getter returns nothing for a field that is absent or null, and throws ApiError 422 naming
/// the field when it is of another type or out of range. finish() refuses what nobody asked for.
class Fields {
 public:
  /// `where` stands before names of fields: "messages[2].". Throws ApiError 422 when `object` is
  /// none; it must outlive this.
  Fields(const Json& object, std::string where);

  std::optional<bool> boolean(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<double> number(std::string_view name, double least, double most);
  std::optional<std::string> string(std::string_view name);
  /// One of `choices`.
  std::optional<std::string> word(std::string_view name,
                                  std::initializer_list<std::string_view> choices);
  /// Null when it is absent or null.
  const Json* any(std::string_view name);
  const Json* object(std::string_view name);
  const Json* array(std::string_view name);

  /// Fields that clients send and that change nothing here.
  void ignore(std::initializer_list<std::string_view> names);
  /// Throws ApiError 422 naming a field that was not asked for.
  void finish() const;

  /// Throws ApiError 422 about a field.
  [[noreturn]] void refuse(std::string_view name, const std::string& why) const;
  std::string path(std::string_view name) const { return where_ + std::string(name); }

 private:
  const Json& object_;
  std::string where_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace frugal::server

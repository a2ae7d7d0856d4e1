#include "server/fields.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/nearest.h"
#include "server/api_error.h"

namespace frugal::server {

Fields::Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (object_.is_object()) return;
  std::string name = where_;
  while (name.ends_with('.')) name.pop_back();
  throw ApiError(422, fmt::format("{} is not an object", name.empty() ? "the request" : name),
                 name);
}

void Fields::refuse(std::string_view name, const std::string& why) const {
  throw ApiError(422, fmt::format("{}: {}", printable(path(name)), why), path(name));
}

const Json* Fields::any(std::string_view name) {
  known_.emplace(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const Json* Fields::object(std::string_view name) {
  const Json* value = any(name);
  if (value != nullptr && !value->is_object()) refuse(name, "expected an object");
  return value;
}

const Json* Fields::array(std::string_view name) {
  const Json* value = any(name);
  if (value != nullptr && !value->is_array()) refuse(name, "expected an array");
  return value;
}

std::optional<bool> Fields::boolean(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) refuse(name, "expected true or false");
  return value->get<bool>();
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t least,
                                            std::int64_t most) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() ||
                     value->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)) &&
                    value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most;
  if (!fits) refuse(name, fmt::format("expected a whole number from {} to {}", least, most));
  return value->get<std::int64_t>();
}

std::optional<double> Fields::number(std::string_view name, double least, double most) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  const bool fits =
      value->is_number() && value->get<double>() >= least && value->get<double>() <= most;
  if (!fits) refuse(name, fmt::format("expected a number from {} to {}", least, most));
  return value->get<double>();
}

std::optional<std::string> Fields::string(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(name, "expected a string");
  return value->get<std::string>();
}

std::optional<std::string> Fields::word(std::string_view name,
                                        std::initializer_list<std::string_view> choices) {
  std::optional<std::string> value = string(name);
  if (!value || std::find(choices.begin(), choices.end(), *value) != choices.end()) return value;
  std::string list;
  for (const std::string_view choice : choices) {
    if (!list.empty()) list += ", ";
    list += choice;
  }
  refuse(name, fmt::format("{} is none of: {}", printable(*value), list));
}

void Fields::ignore(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) known_.emplace(name);
}

void Fields::finish() const {
  for (const auto& [name, value] : object_.items()) {
    if (known_.contains(name)) continue;
    const std::vector<std::string> candidates(known_.begin(), known_.end());
    const std::string suggestion = nearest(name, candidates);
    refuse(name, suggestion.empty()
                     ? "there is no such field"
                     : fmt::format("there is no such field; did you mean {}?", suggestion));
  }
}

}  // namespace frugal::server

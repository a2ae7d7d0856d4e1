#include "text/json_node.h"

#include <algorithm>

#include "base/error.h"

namespace frugal::text {

JsonNode JsonNode::child(simdjson::dom::element value, std::string_view key) const {
  return {value, what_, path_.empty() ? printable(key) : path_ + "." + printable(key)};
}

std::string JsonNode::where() const {
  return path_.empty() ? std::string(what_) : fmt::format("{}: {}", what_, path_);
}

void JsonNode::fail_here(std::string_view message) const { fail("{}: {}", where(), message); }

simdjson::dom::object JsonNode::object() const {
  simdjson::dom::object object;
  if (value_.get(object) != simdjson::SUCCESS) fail_here("expected an object");
  return object;
}

simdjson::dom::array JsonNode::array() const {
  simdjson::dom::array array;
  if (value_.get(array) != simdjson::SUCCESS) fail_here("expected a list");
  return array;
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  simdjson::dom::element value;
  if (object().at_key(key).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return child(value, key);
}

JsonNode JsonNode::at(std::string_view key) const {
  if (auto found = find(key)) return *found;
  fail_here(fmt::format("'{}' is missing", key));
}

std::vector<JsonNode> JsonNode::items() const {
  std::vector<JsonNode> nodes;
  for (const simdjson::dom::element value : array()) {
    nodes.push_back({value, what_, fmt::format("{}[{}]", path_, nodes.size())});
  }
  return nodes;
}

std::vector<std::pair<std::string_view, JsonNode>> JsonNode::members() const {
  std::vector<std::pair<std::string_view, JsonNode>> nodes;
  for (const auto field : object()) {
    nodes.emplace_back(field.key, child(field.value, field.key));
  }
  return nodes;
}

std::string_view JsonNode::string() const {
  std::string_view text;
  if (value_.get(text) != simdjson::SUCCESS) fail_here("expected a string");
  return text;
}

std::int64_t JsonNode::integer(std::int64_t low, std::int64_t high) const {
  std::int64_t value = 0;
  if (value_.get(value) != simdjson::SUCCESS || value < low || value > high) {
    fail_here(fmt::format("expected a whole number from {} to {}", low, high));
  }
  return value;
}

bool JsonNode::boolean() const {
  bool value = false;
  if (value_.get(value) != simdjson::SUCCESS) fail_here("expected true or false");
  return value;
}

bool JsonNode::boolean(std::string_view key, bool otherwise) const {
  const auto node = find(key);
  return node ? node->boolean() : otherwise;
}

std::string_view JsonNode::string(std::string_view key, std::string_view otherwise) const {
  const auto node = find(key);
  return node ? node->string() : otherwise;
}

void JsonNode::allow(std::initializer_list<std::string_view> keys) const {
  for (const auto field : object()) {
    if (std::find(keys.begin(), keys.end(), field.key) == keys.end()) {
      fail_here(fmt::format("unknown option '{}'", printable(field.key)));
    }
  }
}

}  // namespace frugal::text

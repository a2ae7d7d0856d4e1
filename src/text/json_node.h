// A value of a large JSON file together with its place, so that errors can name it.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::text {

/// Every reader throws Error such as "tokenizer.json: model.merges: expected a list".
class JsonNode {
 public:
  /// `what` is the file's name; it must outlive the node, as must the parsed document.
  JsonNode(simdjson::dom::element value, std::string_view what, std::string path)
      : value_(value), what_(what), path_(std::move(path)) {}

  /// The member `key`, or nothing when it is absent or null.
  std::optional<JsonNode> find(std::string_view key) const;
  JsonNode at(std::string_view key) const;
  std::vector<JsonNode> items() const;
  /// The members with their keys.
  std::vector<std::pair<std::string_view, JsonNode>> members() const;

  std::string_view string() const;
  std::int64_t integer(std::int64_t low, std::int64_t high) const;
  bool boolean() const;
  bool boolean(std::string_view key, bool otherwise) const;
  std::string_view string(std::string_view key, std::string_view otherwise) const;
  simdjson::dom::object object() const;
  simdjson::dom::array array() const;
  bool is_string() const { return value_.is_string(); }
  bool is_object() const { return value_.is_object(); }

  /// Throws when there is a member that is none of `keys`: an option this library does not know.
  void allow(std::initializer_list<std::string_view> keys) const;

  /// Throws Error with the file, this place and `message`.
  [[noreturn]] void fail_here(std::string_view message) const;
  std::string where() const;

 private:
  JsonNode child(simdjson::dom::element value, std::string_view key) const;

  simdjson::dom::element value_;
  std::string_view what_;
  std::string path_;
};

}  // namespace frugal::text

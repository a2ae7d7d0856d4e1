// The methods of str, dict, list and tuple that templates may call.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// The method `name` of `receiver` as a value that can be called; nothing when there is none.
std::optional<Value> find_method(Budget& budget, const Value& receiver, const std::string& name);

/// Whether `name` is a method that would change `receiver`; the sandbox hides those.
bool is_mutating_method(const Value& receiver, std::string_view name);

/// One row of a method table.
struct Method {
  std::string_view name;
  Value (*function)(const Call& call);
};

/// The row of that name, or null.
template <std::size_t rows>
const Method* find_row(const Method (&table)[rows], std::string_view name) {
  for (const Method& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const Method* find_string_method(std::string_view name);
const Method* find_splitting_method(std::string_view name);  // those that cut a string

/// The byte offset of `wanted` in `text` from `from` on, or npos, in linear time.
std::size_t find_text(Budget& budget, std::string_view text, std::string_view wanted,
                      std::size_t from);

/// str.replace: at most `count` times, or as often as it occurs when negative.
std::string replace_text(Budget& budget, std::string_view text, std::string_view from,
                         std::string_view to, std::int64_t count);

/// str.splitlines.
std::vector<std::string_view> split_lines(Budget& budget, std::string_view text, bool keep_ends);

/// str.strip, of white space, or of any of the `characters`.
std::string_view strip(Budget& budget, std::string_view text, const std::string* characters,
                       bool left, bool right);

/// str.center, str.ljust and str.rjust with the padding on the named sides.
std::string pad(Budget& budget, std::string_view text, std::int64_t width, std::string_view fill,
                bool left, bool right);

}  // namespace frugal::text::jinja

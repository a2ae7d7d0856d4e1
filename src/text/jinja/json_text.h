// JSON in, and out again as Python's json.dumps writes it.
#pragma once

#include <string>

#include "base/json.h"
#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// Throws Error for what Python's values here cannot hold: integers beyond 64 bits, strings that
/// are not UTF-8.
Value from_json(Budget& budget, const Json& json);

/// The keyword arguments of json.dumps that the filter `tojson` passes on.
struct JsonStyle {
  bool ensure_ascii = false;
  std::optional<std::string> indent;  // the text of one level; nothing means all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
};

/// Throws Error for what has no JSON: undefined values, functions, namespaces.
std::string to_json(Budget& budget, const Value& value, const JsonStyle& style);

}  // namespace frugal::text::jinja

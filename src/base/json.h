// JSON on the wire and in small files, by nlohmann-json with the depth limited.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace frugal {

/// Keeps the order of keys, which templates and tool schemas rely on.
using Json = nlohmann::ordered_json;

/// Parses `text`. Throws Error with `what` (a file name or "request body"), line and column on bad
/// input, and on nesting deeper than `max_depth`, since destructors and visitors recurse.
Json parse_json(std::string_view text, std::string_view what, int max_depth = 64);

/// Reads and parses a whole file of at most `max_bytes`.
Json read_json_file(const std::filesystem::path& path, std::size_t max_bytes = 64U << 20);

}  // namespace frugal

// Standard input as a whole, and lists of token ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::cli {

/// All of standard input. Says on a terminal that it waits.
std::string read_stdin();
/// A whole file; throws Error naming it.
std::string read_text_file(const std::string& path);

/// Ids separated by commas, blanks or newlines, brackets around them allowed, so that what tokenize
/// prints (with or without --json) can be read again. Throws Error naming what is no id.
std::vector<std::int32_t> parse_ids(std::string_view text);

}  // namespace frugal::cli

// What Python's str knows about characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/utf8.h"

namespace frugal::text::jinja {

// All text here is well-formed UTF-8.

/// The code point at `offset`, which moves past it.
char32_t next_code_point(std::string_view text, std::size_t& offset);

/// How many code points `text` has.
std::size_t length(std::string_view text);
/// The byte offset of code point number `index`, at most text.size().
std::size_t byte_offset(std::string_view text, std::size_t index);
/// Code points `first` to `last` (exclusive), or what there is of them.
std::string_view substring(std::string_view text, std::size_t first, std::size_t last);
std::vector<char32_t> code_points(std::string_view text);

bool is_space(char32_t c);      // str.isspace, and \s of regular expressions
bool is_alpha(char32_t c);      // str.isalpha
bool is_decimal(char32_t c);    // str.isdecimal
bool is_digit(char32_t c);      // str.isdigit
bool is_numeric(char32_t c);    // str.isnumeric
bool is_printable(char32_t c);  // what repr() leaves as it is
bool is_lower(char32_t c);
bool is_upper(char32_t c);
bool is_title(char32_t c);
/// Whether a name in a template may begin with, or go on with, this character.
bool starts_identifier(char32_t c);
bool continues_identifier(char32_t c);

std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_title(std::string_view text);        // each run of letters
std::string to_capitalized(std::string_view text);  // the first letter of all
std::string swap_case(std::string_view text);
std::string fold_case(std::string_view text);

std::string_view strip_left(std::string_view text);
std::string_view strip_right(std::string_view text);

}  // namespace frugal::text::jinja

// UTF-8 (RFC 3629), piece by piece.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace frugal::text {

/// What stands at the start of some bytes.
enum class Utf8Kind {
  whole,   // a well-formed character
  broken,  // bytes that no character starts with
  cut,     // the beginning of a character, and then the bytes end
};

struct Utf8Piece {
  Utf8Kind kind;
  std::size_t length;  // bytes; of a broken piece the longest start of a character, at least 1
};

/// The first piece of `bytes`, which must not be empty. Broken pieces are cut as the Unicode
/// standard recommends (chapter 3.9, "maximal subpart"), as Rust and browsers do.
Utf8Piece utf8_piece(std::string_view bytes);

bool is_valid_utf8(std::string_view bytes);

/// Copies `bytes` with each broken or cut piece replaced by U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

/// The bytes of the character that starts with `lead`, in valid UTF-8.
constexpr std::size_t utf8_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// The first character of `text`: valid UTF-8, not empty.
char32_t first_char(std::string_view text);
/// The last character of `text`: valid UTF-8, not empty.
std::string_view last_char(std::string_view text);

void append_utf8(std::string& out, char32_t code_point);

/// The property White_Space of the Unicode standard, stable since version 6.3.
bool is_white_space(char32_t code_point);

}  // namespace frugal::text

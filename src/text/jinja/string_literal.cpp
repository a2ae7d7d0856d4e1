#include "text/jinja/string_literal.h"

#include <charconv>

#include "base/error.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

// The character that `count` hexadecimal digits at text[i] name; moves past them.
char32_t hexadecimal(std::string_view text, std::size_t& i, std::size_t count) {
  const std::string_view digits = text.substr(i, count);
  std::uint32_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  require(digits.size() == count && result.ptr == digits.data() + count,
          "truncated \\x, \\u or \\U escape");
  require(value < 0x110000 && (value < 0xD800 || value > 0xDFFF),
          "the escape of U+{:04X} names no character", value);
  i += count;
  return value;
}

char32_t octal(std::string_view text, std::size_t& i) {
  char32_t value = 0;
  for (int digit = 0; digit < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++digit) {
    value = value * 8 + static_cast<char32_t>(text[i++] - '0');
  }
  return value;
}

// What a backslash before a character beyond ASCII gives in Jinja, which first turns that character
// into an escape of its own, whose backslash the one before it then takes away.
std::string escaped_twice(char32_t c) {
  const auto number = static_cast<unsigned>(c);
  return c < 0x100     ? fmt::format("\\x{:02x}", number)
         : c < 0x10000 ? fmt::format("\\u{:04x}", number)
                       : fmt::format("\\U{:08x}", number);
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    const std::size_t start = i + 1;
    i = start;
    const char32_t c = next_code_point(text, i);
    switch (c) {
      case '\n':
        break;
      case '\\':
      case '\'':
      case '"':
        out += static_cast<char>(c);
        break;
      case 'a':
        out += '\a';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'v':
        out += '\v';
        break;
      case 'x':
        append_utf8(out, hexadecimal(text, i, 2));
        break;
      case 'u':
        append_utf8(out, hexadecimal(text, i, 4));
        break;
      case 'U':
        append_utf8(out, hexadecimal(text, i, 8));
        break;
      case 'N':
        fail("\\N escapes, which name a character, are not supported");
      default:
        if (c >= '0' && c <= '7') {
          append_utf8(out, octal(text, i = start));
        } else if (c < 0x80) {
          out += '\\';
          out += static_cast<char>(c);
        } else {
          out += escaped_twice(c);
        }
    }
  }
  return out;
}

}  // namespace frugal::text::jinja

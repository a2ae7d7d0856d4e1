#include "text/byte_level.h"

#include <array>
#include <cstdint>

#include "text/utf8.h"

namespace frugal::text {

namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
}

constexpr std::size_t kLastChar = 0x143;  // 256 bytes, 188 of which stand for themselves

struct Alphabet {
  std::array<char16_t, 256> chars{};
  std::array<std::int16_t, kLastChar + 1> bytes{};  // -1: not of the alphabet

  constexpr Alphabet() {
    bytes.fill(-1);
    char16_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      chars[byte] = stands_for_itself(byte) ? static_cast<char16_t>(byte) : next++;
      bytes[chars[byte]] = static_cast<std::int16_t>(byte);
    }
  }
};

constexpr Alphabet kAlphabet;

}  // namespace

char32_t byte_level_char(unsigned char byte) { return kAlphabet.chars[byte]; }

std::string to_byte_level(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    append_utf8(text, byte_level_char(static_cast<unsigned char>(byte)));
  }
  return text;
}

std::optional<std::string> from_byte_level(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const char32_t c = first_char(text);
    if (c > kLastChar || kAlphabet.bytes[c] < 0) return std::nullopt;
    bytes += static_cast<char>(kAlphabet.bytes[c]);
    text.remove_prefix(utf8_length(text[0]));
  }
  return bytes;
}

}  // namespace frugal::text

// GPT-2's alphabet: every byte written as a printable character, so that a vocabulary of bytes can
// be stored as text. Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace frugal::text {

/// The character that stands for `byte`: itself where it is printable Latin-1 other than a space
/// and the soft hyphen, else the next free one from U+0100 on. A space is U+0120.
char32_t byte_level_char(unsigned char byte);

/// `bytes` written in the alphabet.
std::string to_byte_level(std::string_view bytes);

/// The bytes that `text` (valid UTF-8) stands for, or nothing when a character is not of the
/// alphabet.
std::optional<std::string> from_byte_level(std::string_view text);

}  // namespace frugal::text

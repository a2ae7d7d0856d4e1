// Added tokens: texts that become one token wherever they stand, found before anything else looks
// at the text. Chat markers are such tokens.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/regex.h"
#include "text/vocabulary.h"

namespace frugal::text {

struct AddedToken {
  std::int32_t id = kNoToken;
  std::string content;
  bool special = false;      // a marker, not text; decoding may leave it out
  bool normalized = false;   // looked for in the normalised text, in its normalised form
  bool single_word = false;  // only where no word character stands beside it
  bool left_strip = false;   // takes the white space before it along
  bool right_strip = false;  // and that behind it
};

class AddedTokenFinder {
 public:
  AddedTokenFinder() = default;
  /// `content` of the tokens is what is looked for. Throws Error naming `what` on contents that are
  /// empty, too long or equal.
  AddedTokenFinder(std::vector<AddedToken> tokens, std::string_view what);

  /// Cuts `text` (valid UTF-8) into added tokens and the text between them, in order. Of the tokens
  /// that start at the leftmost place the longest wins, then the search goes on behind it. `part`
  /// gets a token's id, or the text between two tokens and kNoToken. Without `parse_special`
  /// special tokens stay text.
  void split(std::string_view text, bool parse_special,
             const std::function<void(std::string_view part, std::int32_t id)>& part) const;

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t at) const;
  bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) const;

  std::vector<AddedToken> tokens_;          // sorted by content
  std::array<std::uint32_t, 257> first_{};  // [b], [b + 1]: the tokens that start with byte b
  std::optional<Regex> word_char_;          // where a token wants to be a single word
};

}  // namespace frugal::text

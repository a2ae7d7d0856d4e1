// Decoders: how tokenizer.json turns tokens back into text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/regex.h"

namespace frugal::text {

class Decoder {
 public:
  struct ByteLevel {};     // GPT-2's alphabet back to bytes
  struct ByteFallback {};  // <0xNN> back to bytes
  struct Fuse {};          // all tokens become one
  struct Strip {           // of each token up to so many characters
    std::string content;   // one character
    std::size_t start, stop;
  };
  struct Replace {
    Regex pattern;
    std::string content;
  };
  struct Metaspace {
    std::string replacement;  // one character
    bool drop_first;          // before the first token it was not in the text
  };
  using Step = std::variant<ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace>;

  void add(Step step) { steps_.push_back(std::move(step)); }

  /// The text of `tokens`, which are joined by spaces when there is no step at all.
  std::string decode(std::vector<std::string> tokens) const;

  /// The bytes that one token in the middle of a text adds to it; they may end inside a character.
  std::string token_bytes(std::string_view token) const;

  /// What decoding drops from the start of a text, up to `times`: the space that encoding adds.
  struct Dropped {
    std::string text;
    std::size_t times = 0;
  };
  Dropped dropped_at_start() const;

 private:
  std::vector<Step> steps_;
};

}  // namespace frugal::text

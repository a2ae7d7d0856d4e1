#include "train/token_stream.h"

#include <algorithm>

#include "base/error.h"

namespace frugal::train {

void TokenList::read(std::int64_t begin, std::span<std::int32_t> out) const {
  require(begin >= 0 && begin + static_cast<std::int64_t>(out.size()) <= size(),
          "tokens {} to {} of {} are wanted", begin, begin + static_cast<std::int64_t>(out.size()),
          size());
  std::copy_n(tokens_.begin() + begin, out.size(), out.begin());
}

std::vector<std::int32_t> encode_document(const text::Tokenizer& tokenizer, std::string_view text,
                                          std::int32_t end_token) {
  std::vector<std::int32_t> tokens;
  // Pieces that end at a line's end: the tokenizers in use never join tokens across one that is
  // followed by text, and memory stays small.
  constexpr std::size_t kPiece = 1 << 20;
  while (!text.empty()) {
    std::size_t size = std::min(kPiece, text.size());
    if (size < text.size()) {
      const std::size_t line = text.rfind('\n', size);
      if (line != std::string_view::npos && line > 0) size = line;
    }
    const auto piece = tokenizer.encode(text.substr(0, size), {false, false});
    tokens.insert(tokens.end(), piece.begin(), piece.end());
    text.remove_prefix(size);
  }
  tokens.push_back(end_token);
  return tokens;
}

}  // namespace frugal::train

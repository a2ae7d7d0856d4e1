#include "text/added_tokens.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

// Bounds the work at each place of a text.
constexpr std::size_t kMaxLength = 4096;

// A word character as Rust's regular expressions have it, which is not quite Oniguruma's.
constexpr std::string_view kWordChar = R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])";

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

std::size_t without_trailing_space(std::string_view text) {
  while (!text.empty() && is_white_space(first_char(last_char(text)))) {
    text.remove_suffix(last_char(text).size());
  }
  return text.size();
}

std::size_t leading_space(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_white_space(first_char(text.substr(length)))) {
    length += utf8_length(text[length]);
  }
  return length;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens, std::string_view what)
    : tokens_(std::move(tokens)) {
  std::sort(tokens_.begin(), tokens_.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const AddedToken& token = tokens_[i];
    require(!token.content.empty() && token.content.size() <= kMaxLength,
            "{}: added token {} has {} bytes, expected 1 to {}", what, token.id,
            token.content.size(), kMaxLength);
    if (i > 0 && tokens_[i - 1].content == token.content) {
      fail("{}: added tokens {} and {} are both '{}'", what, tokens_[i - 1].id, token.id,
           printable(token.content));
    }
    ++first_[byte_at(token.content, 0) + 1U];
    if (token.single_word && !word_char_) word_char_.emplace(kWordChar, what);
  }
  for (std::size_t b = 0; b < 256; ++b) first_[b + 1] += first_[b];
}

// The tokens that share the text's first bytes are a range of the sorted list; each further byte
// narrows it.
const AddedToken* AddedTokenFinder::longest_at(std::string_view text, std::size_t at) const {
  auto low = tokens_.begin() + first_[byte_at(text, at)];
  auto high = tokens_.begin() + first_[byte_at(text, at) + 1U];
  const AddedToken* longest = nullptr;
  for (std::size_t depth = 1; low != high; ++depth) {
    if (low->content.size() == depth) longest = &*low++;
    if (low == high || at + depth == text.size()) break;
    const unsigned char wanted = byte_at(text, at + depth);
    low = std::partition_point(
        low, high, [&](const AddedToken& token) { return byte_at(token.content, depth) < wanted; });
    high = std::partition_point(low, high, [&](const AddedToken& token) {
      return byte_at(token.content, depth) <= wanted;
    });
  }
  return longest;
}

bool AddedTokenFinder::stands_alone(std::string_view text, std::size_t begin,
                                    std::size_t end) const {
  Regex::Matcher matcher;
  Span ignored;
  if (begin > 0 && matcher.find(*word_char_, last_char(text.substr(0, begin)), 0, ignored)) {
    return false;
  }
  return end == text.size() ||
         !matcher.find(*word_char_, text.substr(end, utf8_length(text[end])), 0, ignored);
}

void AddedTokenFinder::split(
    std::string_view text, bool parse_special,
    const std::function<void(std::string_view, std::int32_t)>& part) const {
  std::size_t done = 0;
  for (std::size_t at = 0; !tokens_.empty() && at < text.size();) {
    const AddedToken* const token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + token->content.size();
    at = end;
    if (token->special && !parse_special) continue;
    if (token->single_word && !stands_alone(text, begin, end)) continue;
    if (token->left_strip) begin = without_trailing_space(text.substr(0, begin));
    if (token->right_strip) end += leading_space(text.substr(end));
    if (done < begin) part(text.substr(done, begin - done), kNoToken);
    part({}, token->id);
    done = end;
  }
  if (done < text.size()) part(text.substr(done), kNoToken);
}

}  // namespace frugal::text

// Normalizers: what tokenizer.json does to a text before it is cut.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/regex.h"

namespace frugal::text {

enum class UnicodeForm { nfc, nfd, nfkc, nfkd };

/// `text` (valid UTF-8) in a normalisation form of Unicode (UAX 15, by utf8proc), or nothing when
/// it is in that form already.
std::optional<std::string> to_unicode_form(std::string_view text, UnicodeForm form);

class Normalizer {
 public:
  struct Lowercase {};
  struct StripAccents {};  // drops combining marks
  struct Strip {
    bool left, right;
  };
  struct Prepend {  // not to an empty text
    std::string prefix;
  };
  struct Replace {
    Regex pattern;
    std::string content;
  };
  struct ByteLevel {};  // bytes in GPT-2's alphabet
  using Step =
      std::variant<UnicodeForm, Lowercase, StripAccents, Strip, Prepend, Replace, ByteLevel>;

  void add(Step step) { steps_.push_back(std::move(step)); }

  /// Applies the steps in order to `text` (valid UTF-8). The result is `text` itself when nothing
  /// changes, else it lies in `buffer`.
  std::string_view apply(std::string_view text, Regex::Matcher& matcher, std::string& buffer) const;

 private:
  std::vector<Step> steps_;
};

/// `text` with every match of `pattern` replaced by `content`, or nothing when there is none.
std::optional<std::string> replace_all(std::string_view text, const Regex& pattern,
                                       std::string_view content, Regex::Matcher& matcher);

}  // namespace frugal::text

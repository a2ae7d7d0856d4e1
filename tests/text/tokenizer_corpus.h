// Texts of many kinds for tests of tokenizers, the same on every run.
#pragma once

#include <string>
#include <vector>

namespace frugal::text {

struct Corpus {
  /// One text of each kind: languages, code, emoji, spaces, random code points.
  std::vector<std::string> kinds;
  /// What could not be found here and is left out, or the empty text.
  std::string missing;

  std::string whole() const;
  /// Short texts cut out of all kinds, about `count`.
  std::vector<std::string> excerpts(std::size_t count) const;
};

/// `code_points` are those that the random part draws from.
Corpus make_corpus(const std::vector<char32_t>& code_points);

/// Code points that this machine's PCRE2 knows as assigned, without control characters, surrogates
/// and private use; of scripts with thousands of characters every 16th.
std::vector<char32_t> assigned_code_points();

}  // namespace frugal::text

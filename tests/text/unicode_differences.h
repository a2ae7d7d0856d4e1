// Where our Unicode tables (PCRE2's, utf8proc's) and those of the Rust library `tokenizers` differ:
// they come from different versions of the standard.
#pragma once

#include <string>
#include <vector>

namespace frugal::text {

struct UnicodeDifference {
  std::string what;  // such as "\p{L} for them, none for us"
  std::vector<char32_t> code_points;
};

/// Asks both sides about each of `code_points` (none below U+0020, no surrogates): which of the
/// classes of the tokenizers' patterns it belongs to, and how it is normalised (NFC) alone and
/// among combining marks. One entry for each kind of difference found.
std::vector<UnicodeDifference> unicode_differences(const std::vector<char32_t>& code_points);

/// A tokenizer.json with one token a byte and no merges, so that ids show what the other pieces did
/// to the text. `normalizer` and `pre_tokenizer` are JSON; the latter comes before the mapping to
/// bytes, and null stands for none.
std::string byte_tokenizer(const std::string& normalizer, const std::string& pre_tokenizer);

}  // namespace frugal::text

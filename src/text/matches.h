// All matches of a regular expression, one after the other.
#pragma once

#include <string_view>

#include "text/regex.h"

namespace frugal::text {

/// Goes through the matches in `subject` (valid UTF-8) from left to right. An empty match right
/// behind the last one does not count, as in Oniguruma's Rust binding.
class Matches {
 public:
  Matches(const Regex& regex, std::string_view subject, Regex::Matcher& matcher)
      : regex_(regex), subject_(subject), matcher_(matcher) {}

  bool next(Span& match);

 private:
  const Regex& regex_;
  std::string_view subject_;
  Regex::Matcher& matcher_;
  std::size_t from_ = 0;
  std::size_t last_end_ = std::string_view::npos;
};

}  // namespace frugal::text

// The text of an answer, from the bytes of its tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/stop.h"

namespace frugal::engine {

/// Ends the text at a stop string and lets only whole characters out: a token may end inside one.
/// Broken UTF-8 becomes U+FFFD.
class OutputText {
 public:
  explicit OutputText(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  /// Takes the next token's bytes; returns the text that is certain now.
  std::string feed(std::string_view bytes);
  /// The rest, at the end.
  std::string finish();
  /// The stop string that was found; feed() returns nothing more after it.
  const std::optional<std::string>& stopped_by() const { return stops_.found(); }

 private:
  StopMatcher stops_;
  std::string cut_;  // the start of a character
};

}  // namespace frugal::engine

// Ends a text at stop strings, while it arrives in pieces.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::engine {

/// Looks for stop strings byte by byte (Knuth, Morris, Pratt: 1977), so that the result does not
/// depend on where the pieces are cut: the stop that is complete first wins; of several complete at
/// the same byte, the longest. Text that may be the start of a stop is held back. When pieces and
/// stops are whole UTF-8 characters, so is all that comes out.
class StopMatcher {
 public:
  /// Throws Error on an empty stop string.
  explicit StopMatcher(std::vector<std::string> stops);

  /// Takes the next piece; returns the text that is now certain to stand before any stop. Nothing
  /// after a match.
  std::string feed(std::string_view piece);

  /// The text held back so far, which no stop followed. For the end of the text.
  std::string flush();

  /// The stop string that was found.
  const std::optional<std::string>& found() const { return found_; }

 private:
  struct Pattern {
    std::string text;
    std::vector<std::size_t> borders;  // [i]: longest proper border of text[0, i]
    std::size_t matched = 0;           // longest prefix of text that ends the input so far

    void advance(char byte);
  };

  std::vector<Pattern> patterns_;
  std::string held_;
  std::optional<std::string> found_;
};

}  // namespace frugal::engine

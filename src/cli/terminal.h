// What a person's terminal is told, and what it never is.
#pragma once

#include <string>
#include <string_view>

namespace frugal::cli {

/// Escape sequences for emphasis; all empty where they are unwanted.
struct Style {
  std::string dim;
  std::string bold;
  std::string reset;
  bool on() const { return !reset.empty(); }
};

/// Plain unless the stream (such as STDOUT_FILENO) is a terminal that can do it and NO_COLOR
/// (no-color.org) is not set.
Style style_for(int stream);

/// Makes text from a model fit for a terminal, as it arrives in pieces: only whole UTF-8 characters
/// come out, and control characters other than newline and tab, which could move the cursor or
/// worse, come out as U+FFFD.
class TerminalText {
 public:
  std::string feed(std::string_view bytes);
  /// What was kept, an unfinished character, as U+FFFD.
  std::string finish();

 private:
  std::string kept_;
};

}  // namespace frugal::cli

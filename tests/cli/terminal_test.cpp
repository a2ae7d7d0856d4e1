#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace frugal::cli {
namespace {

std::string shown(std::string_view text, std::size_t step) {
  TerminalText safe;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) out += safe.feed(text.substr(at, step));
  return out + safe.finish();
}

TEST(TerminalText, LetsTextThroughAndControlCharactersNot) {
  for (const std::size_t step : {1UL, 2UL, 100UL}) {
    EXPECT_EQ(shown("a\tb\nسلام 你好 👩‍👧", step),
              "a\tb\nسلام 你好 👩‍👧");
    EXPECT_EQ(shown("a\033[31mred\a\b\x7f", step), "a\uFFFD[31mred\uFFFD\uFFFD\uFFFD");
    EXPECT_EQ(shown("\u009b31m", step), "\uFFFD31m");  // the one-character form of ESC [
    EXPECT_EQ(shown("a\r\nb", step), "a\nb");
    EXPECT_EQ(shown("\xff"
                    "a\xe4\xbd",
                    step),
              "\uFFFD"
              "a\uFFFD");
  }
}

TEST(TerminalText, WaitsForWholeCharacters) {
  TerminalText safe;
  EXPECT_EQ(safe.feed("\xe4\xbd"), "");
  EXPECT_EQ(safe.feed("\xa0"), "你");
  EXPECT_EQ(safe.finish(), "");
}

}  // namespace
}  // namespace frugal::cli

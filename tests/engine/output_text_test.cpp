#include "engine/output_text.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace frugal::engine {
namespace {

TEST(OutputText, LetsOnlyWholeCharactersOut) {
  OutputText text({});
  EXPECT_EQ(text.feed("a\xF0\x9F"), "a");
  EXPECT_EQ(text.feed("\x98"), "");
  EXPECT_EQ(text.feed("\x80!"), "\U0001F600!");
  EXPECT_EQ(text.finish(), "");
}

TEST(OutputText, FindsAStopInsideAToken) {
  OutputText text({"\u00E9"});
  EXPECT_EQ(text.feed("ab\xC3"), "ab");
  EXPECT_EQ(text.feed("\xA9 rest"), "");
  EXPECT_EQ(text.stopped_by(), "\u00E9");
  EXPECT_EQ(text.finish(), "");
}

TEST(OutputText, BrokenBytesBecomeReplacements) {
  OutputText text({});
  EXPECT_EQ(text.feed("a\xFF"), "a\uFFFD");
  EXPECT_EQ(text.feed("\xE2\x82"), "");
  EXPECT_EQ(text.feed("b"), "\uFFFDb");
  EXPECT_EQ(text.feed("\xE2"), "");
  EXPECT_EQ(text.finish(), "\uFFFD");
}

TEST(OutputText, DoesNotDependOnThePieces) {
  const std::string all = "caf\u00E9 \U0001F600\u4F60\u597D STO\u0645 <end";
  Rng rng(3);
  for (int round = 0; round < 500; ++round) {
    OutputText text({"STOP", "<end>"});
    std::string out;
    for (std::size_t start = 0; start < all.size();) {
      const std::size_t length = 1 + rng.below(4);
      out += text.feed(std::string_view(all).substr(start, length));
      start += length;
    }
    ASSERT_EQ(out + text.finish(), all);
  }
}

}  // namespace
}  // namespace frugal::engine

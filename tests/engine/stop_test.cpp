#include "engine/stop.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace frugal::engine {
namespace {

struct Stopped {
  std::string text;
  std::optional<std::string> stop;
  bool operator==(const Stopped&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Stopped& stopped) {
  return out << '"' << stopped.text << "\" stop " << stopped.stop.value_or("none");
}

// Independent of pieces: the first end of any stop in the whole text.
Stopped naive(const std::string& text, const std::vector<std::string>& stops) {
  std::size_t best_end = std::string::npos;
  std::string best;
  for (const std::string& stop : stops) {
    const std::size_t start = text.find(stop);
    if (start == std::string::npos) continue;
    const std::size_t end = start + stop.size();
    if (end < best_end || (end == best_end && stop.size() > best.size())) {
      best_end = end;
      best = stop;
    }
  }
  if (best.empty()) return {text, std::nullopt};
  return {text.substr(0, best_end - best.size()), best};
}

Stopped run(const std::vector<std::string>& pieces, const std::vector<std::string>& stops) {
  StopMatcher matcher(stops);
  std::string text;
  for (const std::string& piece : pieces) text += matcher.feed(piece);
  text += matcher.flush();
  return {text, matcher.found()};
}

TEST(StopMatcher, HoldsBackWhatMayBecomeAStop) {
  StopMatcher matcher({"</end>"});
  EXPECT_EQ(matcher.feed("Hello </"), "Hello ");
  EXPECT_EQ(matcher.feed("e"), "");
  EXPECT_EQ(matcher.feed("m></en"), "</em>");
  EXPECT_EQ(matcher.feed("d> and more"), "");
  EXPECT_EQ(matcher.found(), "</end>");
  EXPECT_EQ(matcher.feed("nothing"), "");
  EXPECT_EQ(matcher.flush(), "");
}

TEST(StopMatcher, FlushesWhatNoStopFollowed) {
  StopMatcher matcher({"stop"});
  EXPECT_EQ(matcher.feed("non-st"), "non-");
  EXPECT_EQ(matcher.flush(), "st");
  EXPECT_FALSE(matcher.found().has_value());
}

TEST(StopMatcher, KeepsCharactersWhole) {
  // U+00E9 and U+00E8 share their first byte.
  StopMatcher matcher({"\u00E9!"});
  EXPECT_EQ(matcher.feed("caf\u00E8"), "caf\u00E8");
  EXPECT_EQ(matcher.feed("\u00E9"), "");
  EXPECT_EQ(matcher.feed("?"), "\u00E9?");
}

TEST(StopMatcher, TheStopThatEndsFirstWinsThenTheLongest) {
  EXPECT_EQ(run({"xxabcdyy"}, {"abcdy", "bc"}), (Stopped{"xxa", "bc"}));
  EXPECT_EQ(run({"xxabcdyy"}, {"bc", "abc", "c"}), (Stopped{"xx", "abc"}));
}

TEST(StopMatcher, WithoutStopsPassesEverything) {
  StopMatcher matcher({});
  EXPECT_EQ(matcher.feed("any text"), "any text");
}

TEST(StopMatcher, RefusesAnEmptyStop) { EXPECT_THROW(StopMatcher({"a", ""}), Error); }

TEST(StopMatcher, EqualsASearchOfTheWholeTextForAnyPieces) {
  Rng rng(11);
  const auto random_text = [&](std::uint64_t longest) {
    std::string text;
    // Two letters only, so that stops overlap themselves and each other.
    for (std::uint64_t i = rng.below(longest) + 1; i > 0; --i) text += rng.below(2) ? 'a' : 'b';
    return text;
  };
  int found = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string text = random_text(40);
    std::vector<std::string> stops;
    for (std::uint64_t i = rng.below(4); i > 0; --i) stops.push_back(random_text(8));
    std::vector<std::string> pieces;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t length = std::min(text.size() - start, rng.below(6));
      pieces.push_back(text.substr(start, length));
      start += length;
    }
    const Stopped expected = naive(text, stops);
    ASSERT_EQ(run(pieces, stops), expected) << text;
    found += expected.stop.has_value() ? 1 : 0;
  }
  EXPECT_GT(found, 5000);  // the rounds test something
  EXPECT_LT(found, 18000);
}

}  // namespace
}  // namespace frugal::engine

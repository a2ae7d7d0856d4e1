#include "text/regex.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "base/error.h"
#include "text/regex_syntax.h"

namespace frugal::text {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(RegexSyntaxTest, WhatPcre2MeansOtherwiseIsRewritten) {
  // Oniguruma's \h is a hexadecimal digit, its \v one character, its {,} literal text.
  EXPECT_EQ(pcre2_pattern(R"(\h\v\u0041[\h])", "t"), R"([0-9a-fA-F]\x0b\x{0041}[0-9a-fA-F])");
  EXPECT_EQ(pcre2_pattern(R"(a{2,}{x}[{])", "t"), R"(a{2,}\{x}[{])");
  EXPECT_EQ(pcre2_pattern("(?i:a)[^\\]b]\u00e9\\.", "t"), "(?i:a)[^\\]b]\u00e9\\.");
}

TEST(RegexSyntaxTest, WhatPcre2LacksIsAnErrorThatNamesIt) {
  for (const auto& [pattern, named] : {std::pair("[a&&b]", "&&"),
                                       {"[a[b]]", "class inside a class"},
                                       {"[]a]", "empty class"},
                                       {"[a", "without an end"},
                                       {"(*ACCEPT)", "(*"},
                                       {"(?~a)", "(?~"},
                                       {"a(?i)b", "(?i)"},
                                       {"(?m:a)", "(?m"},
                                       {"a{2}+", "{2}+"},
                                       {"a{,3}", "lower bound"},
                                       {"\\b", "\\b"},
                                       {"\\Qa", "\\Q"},
                                       {"\\k<a>", "\\k"},
                                       {"\\1", "\\1"},
                                       {"\\x80", "\\x80"},
                                       {"[\\W]", "\\W"},
                                       {"\\u00g0", "hexadecimal"},
                                       {"a\\", "backslash"},
                                       {"\\p{L", "\\p{L"}}) {
    EXPECT_THAT([p = pattern] { pcre2_pattern(p, "file"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("file"), HasSubstr(named))))
        << pattern;
  }
}

TEST(RegexTest, PatternsThatDoNotCompileNameFileAndPlace) {
  EXPECT_THAT([] { Regex("a(b", "file"); }, ThrowsMessage<Error>(HasSubstr("file")));
  EXPECT_THAT([] { Regex("\\p{Nope}", "file"); }, ThrowsMessage<Error>(HasSubstr("\\p{Nope}")));
  EXPECT_THAT([] { Regex(std::string(100'000, 'a'), "file"); },
              ThrowsMessage<Error>(HasSubstr("100000 bytes")));
}

TEST(RegexTest, SearchesThatExplodeEndInAnError) {
  for (const char* jit : {"on", "off"}) {
    ::setenv("FRUGAL_JIT", jit, 1);
    const Regex regex("(?:a+)+[bc]", "file");
    Regex::Matcher matcher;
    Span match;
    EXPECT_THAT([&] { matcher.find(regex, std::string(60, 'a') + "d", 0, match); },
                ThrowsMessage<Error>(HasSubstr("match limit")))
        << jit;
  }
  ::unsetenv("FRUGAL_JIT");
}

TEST(RegexTest, LiteralTextHasNoSpecialCharacters) {
  const Regex regex = Regex::literal("a.*\\", "file");
  Regex::Matcher matcher;
  Span match;
  EXPECT_FALSE(matcher.find(regex, "abc\\", 0, match));
  ASSERT_TRUE(matcher.find(regex, "xa.*\\", 0, match));
  EXPECT_EQ(match.begin, 1U);
  EXPECT_EQ(match.end, 5U);
}

}  // namespace
}  // namespace frugal::text

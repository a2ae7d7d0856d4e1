// Every feature of the language, against what jinja2 makes of the same templates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "support/data.h"
#include "text/chat_template.h"

namespace frugal::text {
namespace {

std::tm fixed_time() {  // 2025-01-20 08:05:09, a Monday
  std::tm time{};
  time.tm_year = 125;
  time.tm_mday = 20;
  time.tm_wday = 1;
  time.tm_yday = 19;
  time.tm_hour = 8;
  time.tm_min = 5;
  time.tm_sec = 9;
  return time;
}

class JinjaGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(JinjaGolden, GivesTheOutputOfJinja2) {
  const Json golden = read_json_file(frugal::testing::golden("jinja/" + GetParam() + ".json"));
  ASSERT_FALSE(golden.at("cases").empty());
  for (const Json& example : golden.at("cases")) {
    const auto source = example.at("template").get<std::string>();
    SCOPED_TRACE(source);
    try {
      const std::string output =
          ChatTemplate(source, "t").render(golden.at("variables"), fixed_time);
      EXPECT_EQ(output, example.value("output", "an error: " + example.value("raises", "")));
    } catch (const Error& error) {
      EXPECT_TRUE(example.contains("raises")) << error.what();
      EXPECT_THAT(error.what(), ::testing::MatchesRegex("t, line [0-9]+, column [0-9]+: .+"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Features, JinjaGolden,
                         ::testing::Values("errors", "filters", "format", "json", "literals",
                                           "loops", "macros", "operators", "scopes", "strings",
                                           "tests", "undefined", "whitespace"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace frugal::text

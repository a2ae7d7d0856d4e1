#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace frugal {
namespace {

std::string message_of(std::string_view text) {
  try {
    parse_json(text, "config.json", 8);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseJson, KeepsTheOrderOfKeys) {
  EXPECT_EQ(parse_json(R"({"b":1,"a":[2,{"c":null}]})", "x").dump(),
            R"({"b":1,"a":[2,{"c":null}]})");
}

TEST(ParseJson, NamesFileLineAndColumn) {
  EXPECT_EQ(message_of("{\n  \"a\": ]\n}"), "config.json: not valid JSON at line 2, column 8");
  EXPECT_THAT(message_of(""), testing::HasSubstr("config.json: not valid JSON"));
  EXPECT_THAT(message_of("\"\xff\""), testing::HasSubstr("not valid JSON"));
}

TEST(ParseJson, RefusesDeepNesting) {
  EXPECT_THAT(message_of(std::string(9, '[') + std::string(9, ']')),
              testing::HasSubstr("deeper than 8"));
  EXPECT_EQ(message_of(std::string(8, '[') + std::string(8, ']')), "no error");
  EXPECT_THAT(message_of(std::string(1000000, '[')), testing::HasSubstr("deeper than 8"));
}

}  // namespace
}  // namespace frugal

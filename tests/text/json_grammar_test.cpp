#include "text/json_grammar.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"

namespace frugal::text {
namespace {

bool accepts(GrammarMachine& machine, std::string_view text) {
  auto state = machine.start();
  for (const char byte : text) state = machine.next(state, static_cast<unsigned char>(byte));
  return machine.accepts(state);
}

class Schema {
 public:
  explicit Schema(const char* schema) : machine_(grammar(schema)) {}
  bool operator()(std::string_view text) { return accepts(machine_, text); }

 private:
  static Grammar grammar(const char* schema) {
    Grammar g;
    JsonGrammar json(g);
    g.set_root(json.schema(Json::parse(schema)));
    return g;
  }
  GrammarMachine machine_;
};

void expect_refused(const char* schema, const char* says) {
  try {
    Schema{schema};
    FAIL() << schema;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
  }
}

TEST(JsonGrammar, AnyValueIsWhatAParserTakes) {
  Schema any("true");
  for (const char* text :
       {"{}", "[]", "null", "true", "-0.5e+3", "\"\"", "\"\\u00e9\\n\\ud83d\\ude00 é😀\"",
        "{\"a\": [1, {\"b\": false}],\n  \"c\": \"}\"}", "[[[[]]]]", "0"}) {
    EXPECT_TRUE(any(text)) << text;
    EXPECT_TRUE(Json::accept(text)) << text;
  }
  for (const char* text :
       {"", "{", "[1,]", "01", "+1", "1.", "\"\n\"", "\"\\x\"", "{a: 1}", "\"\\ud83d\"", "\"\xff\"",
        "\"\xed\xa0\x80\"", "tru", "{\"a\"}", "1 2"}) {
    EXPECT_FALSE(any(text)) << text;
  }
}

TEST(JsonGrammar, ObjectsHoldTheirProperties) {
  Schema object(R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"},
                    "c":{"type":"null"}},"required":["b"],"additionalProperties":false})");
  EXPECT_TRUE(object(R"({"a": 1, "b": true, "c": null})"));
  EXPECT_TRUE(object(R"({"b":false})"));
  EXPECT_TRUE(object(R"({"b": true, "c": null})"));
  EXPECT_FALSE(object(R"({"a": 1})"));
  EXPECT_FALSE(object(R"({"a": 1.5, "b": true})"));
  EXPECT_FALSE(object(R"({"b": true, "d": 1})"));
  EXPECT_FALSE(object(R"({"b": true,})"));
  EXPECT_FALSE(object(R"({})"));
  Schema map(R"({"type":"object","additionalProperties":{"type":"integer"}})");
  EXPECT_TRUE(map(R"({"x": 1, "y": 2})"));
  EXPECT_FALSE(map(R"({"x": "1"})"));
}

TEST(JsonGrammar, CountsHold) {
  Schema list(R"({"type":"array","items":{"enum":["a",2]},"minItems":1,"maxItems":3})");
  EXPECT_TRUE(list(R"(["a"])"));
  EXPECT_TRUE(list(R"([2, "a", 2])"));
  EXPECT_FALSE(list("[]"));
  EXPECT_FALSE(list("[2,2,2,2]"));
  Schema text(R"({"type":"string","minLength":2,"maxLength":3})");
  EXPECT_TRUE(text("\"é😀\""));
  EXPECT_TRUE(text("\"a\\u00e9c\""));
  EXPECT_FALSE(text("\"a\""));
  EXPECT_FALSE(text("\"abcd\""));
}

TEST(JsonGrammar, SchemasReferToThemselves) {
  Schema tree(R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{
      "value":{"type":"number"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}},
      "required":["value","children"]}}})");
  EXPECT_TRUE(tree(R"({"value": 1, "children": [{"value": 2.5, "children": []}]})"));
  EXPECT_FALSE(tree(R"({"value": 1, "children": [{"value": 2.5}]})"));
  expect_refused(R"({"$ref":"#"})", "refers to itself");
  expect_refused(R"({"anyOf":[{"type":"null"},{"$ref":"#"}]})", "refers to itself");
  expect_refused(R"({"$ref":"#/nowhere"})", "leads nowhere");
  expect_refused(R"({"$ref":"http://example.com"})", "within the schema");
}

TEST(JsonGrammar, ChoicesAndTypes) {
  Schema either(R"({"anyOf":[{"type":["string","null"]},{"const":{"k":[1]}}]})");
  EXPECT_TRUE(either("\"x\""));
  EXPECT_TRUE(either("null"));
  EXPECT_TRUE(either(R"({"k":[1]})"));
  EXPECT_FALSE(either("1"));
}

TEST(JsonGrammar, PatternsAreOfTheValue) {
  Schema plain(R"({"type":"string","pattern":"^[a-c]{2,3}-\\d+$"})");
  EXPECT_TRUE(plain("\"abc-12\""));
  EXPECT_FALSE(plain("\"abcd-12\""));
  EXPECT_FALSE(plain("\"ab-\""));
  Schema anywhere(R"({"type":"string","pattern":"x|^y"})");
  EXPECT_TRUE(anywhere("\"axb\""));
  EXPECT_TRUE(anywhere("\"yb\""));
  EXPECT_FALSE(anywhere("\"ay\""));
  Schema quotes(R"({"type":"string","pattern":"^[^a]\"$"})");
  EXPECT_TRUE(quotes(R"("b\"")"));
  EXPECT_FALSE(quotes(R"("b"")"));
  Schema group(R"({"type":"string","pattern":"^(ab|c)+(?:d?)$"})");
  EXPECT_TRUE(group("\"abcabd\""));
  EXPECT_FALSE(group("\"abdd\""));
}

TEST(JsonGrammar, DatesHaveTheDaysOfTheirMonth) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  Schema date(R"({"type":"string","format":"date"})");
  Schema moment(R"({"type":"string","format":"date-time"})");
  for (int month = 0; month <= 13; ++month) {
    for (int day = 0; day <= 32; ++day) {
      const std::string text = fmt::format("2025-{:02}-{:02}", month, day);
      const bool exists = month >= 1 && month <= 12 && day >= 1 && day <= kDays[month - 1];
      EXPECT_EQ(date('"' + text + '"'), exists) << text;
      EXPECT_EQ(moment('"' + text + "T23:59:00+01:00\""), exists) << text;
    }
  }
}

TEST(JsonGrammar, NamesOfHostsHaveHyphensWithin) {
  Schema host(R"({"type":"string","format":"hostname"})");
  Schema mail(R"({"type":"string","format":"email"})");
  for (const char* good : {"my-host.example.com", "a--b.c-d.de", "x.y", "9-a.b0"}) {
    EXPECT_TRUE(host(fmt::format("\"{}\"", good))) << good;
    EXPECT_TRUE(mail(fmt::format("\"first.last@{}\"", good))) << good;
  }
  for (const char* bad : {"-a.de", "a-.de", "a.-de", "a.de-", "a..de", "a.", ""}) {
    EXPECT_FALSE(host(fmt::format("\"{}\"", bad))) << bad;
    EXPECT_FALSE(mail(fmt::format("\"me@{}\"", bad))) << bad;
  }
  EXPECT_TRUE(host("\"" + std::string(32, 'a') + "\""));
  EXPECT_FALSE(host("\"" + std::string(33, 'a') + "\""));
}

// Each text of a and b has its own set of places where an "a" may have been the one.
TEST(JsonGrammar, PatternsWithTooManyStatesEndInAnError) {
  Schema late(R"({"type":"string","pattern":"a.{20}"})");
  std::string said;
  Rng random(1);
  try {
    for (int text = 0; text < 5000; ++text) {
      std::string written = "\"";
      for (int i = 0; i < 40; ++i) written += random.uniform() < 0.5 ? 'a' : 'b';
      late(written);
    }
  } catch (const Error& error) {
    said = error.what();
  }
  EXPECT_NE(said.find("states"), std::string::npos) << said;
}

TEST(JsonGrammar, LongStringsStayWithinTheLimitOfStates) {
  Schema text(R"({"type":"string","maxLength":5000})");
  std::string written = "\"";
  for (int i = 0; i < 5000; ++i) written += i % 2 == 0 ? "\\ud83d\\ude00" : "é";
  EXPECT_TRUE(text(written + '"'));
}

TEST(JsonGrammar, WhatMayBeLeftOutAThousandTimes) {
  Schema blanks(R"({"type":"string","pattern":"^(a?){1000}(b?){1000}$"})");
  EXPECT_TRUE(blanks("\"\""));
  EXPECT_TRUE(blanks("\"aaabb\""));
  EXPECT_FALSE(blanks("\"ba\""));
  Schema anything(R"({"type":"string","pattern":"^(.?){1000}$"})");
  EXPECT_THROW(anything("\"\""), Error);  // more than can be followed at once
}

TEST(JsonGrammar, WhatIsNotSupportedIsNamed) {
  expect_refused(R"({"type":"integer","minimum":3})", "minimum");
  expect_refused(R"({"properties":{"a":{"oneOf":[]}}})", "schema.a");
  expect_refused(R"({"type":"date"})", "date");
  expect_refused(R"j({"type":"string","pattern":"a(?=b)"})j", "begins with ?");
  expect_refused(R"({"type":"string","pattern":"(a"})", "( without )");
  expect_refused(R"({"type":"string","format":"binary"})", "binary");
  expect_refused(R"({"anyOf":[{"type":"string","minLength":4997},{"type":"string","minLength":4998},
                    {"type":"string","minLength":4999},{"type":"string","minLength":5000}]})",
                 "too large");
  expect_refused(R"({"type":"object","required":["x"],"properties":{}})", "x");
}

}  // namespace
}  // namespace frugal::text

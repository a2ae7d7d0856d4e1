#include "text/tool_calls.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace frugal::text {
namespace {

ToolCallParser::Output parse(ToolStyle style, std::string_view answer, std::size_t step) {
  ToolCallParser parser(style);
  ToolCallParser::Output all;
  const auto add = [&](ToolCallParser::Output part) {
    all.text += part.text;
    for (ToolCall& call : part.calls) all.calls.push_back(std::move(call));
  };
  for (std::size_t at = 0; at < answer.size(); at += step)
    add(parser.feed(answer.substr(at, step)));
  add(parser.finish());
  return all;
}

void expect(ToolStyle style, std::string_view answer, const std::string& text,
            const std::vector<ToolCall>& calls) {
  for (const std::size_t step : {1UL, 3UL, 10UL, 1000UL}) {
    const auto output = parse(style, answer, step);
    EXPECT_EQ(output.text, text) << answer << " by " << step;
    EXPECT_EQ(output.calls, calls) << answer << " by " << step;
  }
}

const ToolCall kParis{"weather", R"({"city":"Paris"})"};
const ToolCall kRome{"weather", R"({"city":"Rome"})"};

TEST(ToolCalls, Hermes) {
  const auto call = [](const char* city) {
    return std::string("<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"") + city +
           "\"}}\n</tool_call>";
  };
  expect(ToolStyle::hermes, "Let me see. \n" + call("Paris") + "\n" + call("Rome"), "Let me see.",
         {kParis, kRome});
  expect(ToolStyle::hermes, "a <tool_cal then", "a <tool_cal then", {});
  expect(ToolStyle::hermes, "plain \n", "plain \n", {});
  expect(ToolStyle::hermes, "<tool_call>{\"name\": 1}</tool_call>",
         "<tool_call>{\"name\": 1}</tool_call>", {});
  expect(ToolStyle::hermes,
         "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Paris\"}}", "", {kParis});
}

TEST(ToolCalls, DeepSeek) {
  expect(ToolStyle::deepseek_v3,
         "Yes.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n"
         "{\"city\":\"Paris\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>"
         "weather\n```json\n{\"city\":\"Rome\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
         "Yes.", {kParis, kRome});
  expect(ToolStyle::deepseek_v31,
         "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{\"city\":\"Paris\"}"
         "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
         "", {kParis});
}

TEST(ToolCalls, Llama3) {
  expect(ToolStyle::llama3, R"({"name": "weather", "parameters": {"city": "Paris"}})", "",
         {kParis});
  expect(ToolStyle::llama3,
         R"(<|python_tag|>{"name": "weather", "parameters": {"city": "Paris"}}; )"
         R"({"name": "weather", "parameters": {"city": "Rome"}})",
         "", {kParis, kRome});
  expect(ToolStyle::llama3, "It is { a brace }", "It is { a brace }", {});
  expect(ToolStyle::llama3, R"({"city": "Paris"})", R"({"city": "Paris"})", {});
}

// What the grammar lets through, the parser reads.
TEST(ToolCalls, TheGrammarWritesWhatTheParserReads) {
  const Json schema = Json::parse(
      R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"],
          "additionalProperties":false})");
  const std::vector<ToolShape> tools = {{"weather", schema, true}};
  const auto accepts = [&](ToolStyle style, bool required, bool parallel, std::string_view text) {
    ToolGrammar made = tool_grammar(style, tools, required, parallel);
    GrammarMachine machine(std::move(made.grammar));
    auto state = machine.start();
    for (const char byte : text) state = machine.next(state, static_cast<unsigned char>(byte));
    return machine.accepts(state);
  };
  const std::string hermes =
      "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>";
  EXPECT_TRUE(accepts(ToolStyle::hermes, true, true, hermes));
  EXPECT_TRUE(accepts(ToolStyle::hermes, true, true, hermes + "\n" + hermes));
  EXPECT_FALSE(accepts(ToolStyle::hermes, true, false, hermes + "\n" + hermes));
  EXPECT_TRUE(accepts(ToolStyle::hermes, false, true, hermes.substr(11)));
  EXPECT_FALSE(accepts(ToolStyle::hermes, true, true, "Hello"));
  EXPECT_TRUE(
      accepts(ToolStyle::deepseek_v3, true, true,
              "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n"
              "```json\n{\"city\": \"Paris\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"));
  const char* llama = R"({"name": "weather", "parameters": {"city": "Paris"}})";
  EXPECT_TRUE(accepts(ToolStyle::llama3, true, true, llama));
  EXPECT_FALSE(accepts(ToolStyle::llama3, true, true, "Hello"));
  EXPECT_TRUE(accepts(ToolStyle::llama3, false, true, "Hello {"));
  EXPECT_FALSE(accepts(ToolStyle::llama3, false, true, R"({"name": "weather", "parameters": {}})"));
}

TEST(ToolCalls, StrictSchemasLeaveNothingOpen) {
  const auto build = [](const char* schema) {
    tool_grammar(ToolStyle::hermes, {{"f", Json::parse(schema), true}}, false, true);
  };
  EXPECT_THROW(build(R"({"type":"object","properties":{"a":{"type":"null"}},"required":["a"]})"),
               Error);
  EXPECT_THROW(build(R"({"type":"object","properties":{"a":{"type":"null"}},
                         "additionalProperties":false})"),
               Error);
  EXPECT_THROW(build(R"({"type":"object","properties":{"a":{"type":"integer","minimum":1}},
                         "required":["a"],"additionalProperties":false})"),
               Error);
}

// A schema that turns out to be unusable leaves nothing behind in the grammar.
TEST(ToolCalls, SchemasThatAreNotSupportedAllowAnyObjectUnlessStrict) {
  const Json good = Json::parse(R"({"type":"object","properties":{"n":{"type":"integer"}},
                                    "required":["n"]})");
  for (const char* schema :
       {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"integer","minimum":1}}})",
        R"({"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},
            "$defs":{"a":{"type":"array","items":{"not":{}}}}})",
        R"({"anyOf":[{"type":"string","minLength":4999},{"type":"string","minLength":5000},
                     {"type":"string","minLength":4998},{"type":"string","minLength":4997}]})",
        R"({"$ref":"#"})"}) {
    ToolGrammar made = tool_grammar(
        ToolStyle::llama3, {{"f", Json::parse(schema), false}, {"g", good, false}}, true, true);
    GrammarMachine machine(std::move(made.grammar));
    const auto accepts = [&](std::string_view text) {
      auto state = machine.start();
      for (const char byte : text) state = machine.next(state, static_cast<unsigned char>(byte));
      return machine.accepts(state);
    };
    EXPECT_TRUE(accepts(R"({"name": "f", "parameters": {"any": ["thing"]}})")) << schema;
    EXPECT_TRUE(accepts(R"({"name": "g", "parameters": {"n": 1}})")) << schema;
    EXPECT_FALSE(accepts(R"({"name": "g", "parameters": {"n": "1"}})")) << schema;
  }
}

TEST(ToolCalls, StylesOfTemplates) {
  EXPECT_EQ(tool_style("{% if tools %}<tool_call>"), ToolStyle::hermes);
  EXPECT_EQ(tool_style("tool <｜tool▁calls▁begin｜> ```json"), ToolStyle::deepseek_v3);
  EXPECT_EQ(tool_style("tool <｜tool▁calls▁begin｜>"), ToolStyle::deepseek_v31);
  EXPECT_EQ(tool_style("{% if tools %}{\"name\": , \"parameters\": "), ToolStyle::llama3);
  EXPECT_EQ(tool_style("{{ messages }}"), std::nullopt);
}

TEST(ToolCalls, ToolsAsTextForTemplatesThatKnowNone) {
  const Json messages = Json::parse(R"([
    {"role":"system","content":"Be kind."}, {"role":"user","content":"Weather?"},
    {"role":"assistant","content":"","tool_calls":[{"function":{"name":"w","arguments":"{\"c\":1}"}}]},
    {"role":"tool","content":"sunny"}, {"role":"tool","content":"warm"}])");
  const Json written = write_tools_as_text(messages, Json::parse(R"([{"type":"function"}])"));
  ASSERT_EQ(written.size(), 4);
  EXPECT_TRUE(written[0]["content"].get<std::string>().starts_with("Be kind.\n\nYou may call"));
  EXPECT_EQ(written[2]["content"],
            "\n<tool_call>\n{\"name\": \"w\", \"arguments\": {\"c\":1}}\n</tool_call>");
  EXPECT_EQ(written[3]["content"],
            "<tool_response>\nsunny\n</tool_response>\n<tool_response>\nwarm\n</tool_response>");
  EXPECT_EQ(written[3]["role"], "user");
}

}  // namespace
}  // namespace frugal::text

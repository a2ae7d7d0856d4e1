// Answers held to JSON, to a schema and to calls of tools: a model that picks characters at random
// still answers by the book.
#include <gtest/gtest.h>

#include <algorithm>

#include "server/app_support.h"

namespace frugal::server {
namespace {

using testing::events_of;
using testing::kThinks;
using testing::TestServer;

Json question(const char* more, int seed = 1) {
  Json body = {{"messages", {{{"role", "user"}, {"content", "Hello"}}}},
               {"max_tokens", 3000},
               {"seed", seed},
               {"temperature", 1}};
  body.update(Json::parse(more));
  return body;
}

constexpr const char* kSchema = R"({"response_format":{"type":"json_schema","json_schema":{
    "name":"s","strict":true,"schema":{"type":"object","properties":{
      "name":{"type":"string","maxLength":8},"size":{"enum":["small","large"]},
      "ok":{"type":"boolean"}},
      "required":["name","size","ok"],"additionalProperties":false}}}})";

// Characters, of which UTF-8 takes several bytes for some.
std::int64_t length_of(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

void expect_by_schema(const Json& value) {
  ASSERT_TRUE(value.is_object());
  ASSERT_EQ(value.size(), 3);
  EXPECT_LE(length_of(value["name"].get<std::string>()), 8);
  EXPECT_TRUE(value["size"] == "small" || value["size"] == "large");
  EXPECT_TRUE(value["ok"].is_boolean());
}

TEST(Structured, AnswersAreBySchema) {
  TestServer server;
  for (int seed = 0; seed < 20; ++seed) {
    const Json reply = server.ask_ok("POST", "/chat/completions", question(kSchema, seed));
    const Json& choice = reply["choices"][0];
    EXPECT_EQ(choice["finish_reason"], "stop");
    expect_by_schema(Json::parse(choice["message"]["content"].get<std::string>()));
  }
}

TEST(Structured, GreedyAnswersToo) {
  TestServer server;
  Json body = question(kSchema);
  body["temperature"] = 0;
  const Json reply = server.ask_ok("POST", "/chat/completions", body);
  expect_by_schema(Json::parse(reply["choices"][0]["message"]["content"].get<std::string>()));
}

TEST(Structured, TheReasoningBeforeIsFree) {
  TestServer server(kThinks);
  Json body = question(kSchema);
  body["thinking"] = {{"type", "enabled"}, {"budget_tokens", 30}};
  for (int seed = 0; seed < 5; ++seed) {
    body["seed"] = seed;
    const Json reply = server.ask_ok("POST", "/chat/completions", body);
    const Json& message = reply["choices"][0]["message"];
    EXPECT_FALSE(Json::accept(message["reasoning_content"].get<std::string>()));
    expect_by_schema(Json::parse(message["content"].get<std::string>()));
  }
}

TEST(Structured, EachChoiceFollowsTheGrammarOnItsOwn) {
  TestServer server;
  Json body = question(kSchema);
  body["n"] = 4;
  const Json reply = server.ask_ok("POST", "/chat/completions", body);
  ASSERT_EQ(reply["choices"].size(), 4);
  for (const Json& choice : reply["choices"]) {
    expect_by_schema(Json::parse(choice["message"]["content"].get<std::string>()));
  }
}

TEST(Structured, SchemasThatAreNotSupportedAreRefused) {
  TestServer server;
  const auto response =
      server.ask("POST", "/chat/completions",
                 question(R"({"response_format":{"type":"json_schema","json_schema":{"name":"s",
                   "schema":{"type":"integer","minimum":1}}}})"));
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find("minimum"), std::string::npos);
}

constexpr const char* kTool = R"({"tools":[{"type":"function","function":{"name":"weather",
    "strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":9}},
    "required":["city"],"additionalProperties":false}}}],
    "tool_choice":"required","parallel_tool_calls":false})";

TEST(Structured, ARequiredToolIsCalled) {
  TestServer server;
  const Json reply = server.ask_ok("POST", "/chat/completions", question(kTool));
  const Json& choice = reply["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  ASSERT_EQ(choice["message"]["tool_calls"].size(), 1);
  const Json& call = choice["message"]["tool_calls"][0];
  EXPECT_EQ(call["type"], "function");
  EXPECT_EQ(call["function"]["name"], "weather");
  const Json arguments = Json::parse(call["function"]["arguments"].get<std::string>());
  EXPECT_LE(length_of(arguments["city"].get<std::string>()), 9);
}

TEST(Structured, AToolThatIsNotStrictMayHaveAnySchema) {
  TestServer server;
  Json body = question(kTool);
  Json& function = body["tools"][0]["function"];
  function["strict"] = false;
  function["parameters"] =
      Json::parse(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"object","minProperties":1}}})");
  EXPECT_EQ(server.ask("POST", "/chat/completions", body).status, 200);
  function["strict"] = true;
  EXPECT_EQ(server.ask("POST", "/chat/completions", body).status, 422);
}

TEST(Structured, CallsAreStreamed) {
  TestServer server;
  Json body = question(kTool);
  const Json whole = server.ask_ok("POST", "/chat/completions", body);
  body["stream"] = true;
  Json calls = Json::array();
  Json finish;
  for (const Json& event : events_of(server.ask("POST", "/chat/completions", body))) {
    if (!event.is_object()) continue;
    const Json& choice = event["choices"][0];
    for (const Json& call : choice["delta"].value("tool_calls", Json::array())) {
      calls.push_back(call["function"]);
      EXPECT_EQ(call["index"], calls.size() - 1);
    }
    if (!choice["finish_reason"].is_null()) finish = choice["finish_reason"];
  }
  EXPECT_EQ(finish, "tool_calls");
  ASSERT_EQ(calls.size(), 1);
  EXPECT_EQ(calls[0], whole["choices"][0]["message"]["tool_calls"][0]["function"]);
}

TEST(Structured, AnthropicMessages) {
  TestServer server;
  Json body = Json::parse(R"({"model":"mock","max_tokens":3000,"temperature":1,
      "system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"Hello"}]}],
      "tools":[{"name":"weather","input_schema":{"type":"object","properties":{"city":{
        "type":"string","maxLength":9}},"required":["city"]}}],
      "tool_choice":{"type":"tool","name":"weather"}})");
  const Json reply = server.ask_ok("POST", "/anthropic/v1/messages", body);
  EXPECT_EQ(reply["type"], "message");
  EXPECT_EQ(reply["stop_reason"], "tool_use");
  EXPECT_EQ(reply["content"].back()["type"], "tool_use");
  EXPECT_TRUE(reply["content"].back()["input"]["city"].is_string());
  EXPECT_GT(reply["usage"]["output_tokens"], 0);

  body["stream"] = true;
  const HttpResponse stream = server.ask("POST", "/anthropic/v1/messages", body);
  EXPECT_TRUE(stream.body.starts_with("event: message_start\n"));
  const std::vector<Json> events = events_of(stream);
  EXPECT_EQ(events.front()["type"], "message_start");
  EXPECT_EQ(events[events.size() - 2]["delta"]["stop_reason"], "tool_use");
  EXPECT_EQ(events.back()["type"], "message_stop");
  int open = 0;
  for (const Json& event : events) {
    open += event["type"] == "content_block_start" ? 1 : 0;
    open -= event["type"] == "content_block_stop" ? 1 : 0;
    EXPECT_GE(open, 0);
    EXPECT_LE(open, 1);
  }
  EXPECT_EQ(open, 0);
}

TEST(Structured, AnthropicErrorsHaveTheirOwnForm) {
  TestServer server;
  const auto response = server.ask("POST", "/anthropic/v1/messages", {{"messages", Json::array()}});
  EXPECT_EQ(response.status, 422);
  const Json error = Json::parse(response.body);
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["error"]["type"], "invalid_request_error");
}

TEST(Structured, AnthropicResultsOfToolsGoBackToTheModel) {
  TestServer server;
  const Json body = Json::parse(R"({"model":"mock","max_tokens":3,"messages":[
      {"role":"user","content":"Weather?"},
      {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"w","input":{"c":1}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"sunny"}]}]})");
  EXPECT_EQ(server.ask_ok("POST", "/anthropic/v1/messages", body)["type"], "message");
  const Json counted = server.ask_ok("POST", "/anthropic/v1/messages/count_tokens", body);
  EXPECT_GT(counted["input_tokens"], 60);
}

}  // namespace
}  // namespace frugal::server

#include "server/requests.h"

#include <gtest/gtest.h>

#include "server/api_error.h"
#include "server/wire.h"

namespace frugal::server {
namespace {

Json hello() { return {{"messages", {{{"role", "user"}, {"content", "Hello"}}}}}; }

ChatCompletionRequest parse(const Json& body) { return parse_chat_completion(to_wire(body)); }

// Status and field of the refusal.
std::pair<int, std::string> refusal(const std::string& body) {
  try {
    parse_chat_completion(body);
  } catch (const ApiError& error) {
    return {error.status(), error.param()};
  }
  return {200, ""};
}

std::string refused_field(const char* name, const Json& value) {
  Json body = hello();
  body[name] = value;
  const auto [status, param] = refusal(to_wire(body));
  EXPECT_EQ(status, 422) << name << " " << value;
  return param;
}

TEST(Requests, SilenceLeavesItToTheModel) {
  const ChatCompletionRequest request = parse(hello());
  EXPECT_FALSE(request.common.temperature);
  EXPECT_FALSE(request.common.max_tokens);
  EXPECT_FALSE(request.thinking);
  EXPECT_FALSE(request.common.stream);
  EXPECT_EQ(request.common.n, 1);
  EXPECT_EQ(request.messages, Json::parse(R"([{"role":"user","content":"Hello"}])"));
}

TEST(Requests, EveryFieldIsRead) {
  const ChatCompletionRequest request = parse(Json::parse(R"({
    "messages": [{"role": "developer", "content": [{"type": "text", "text": "a"},
                                                   {"type": "text", "text": "b"}]},
                 {"role": "assistant", "content": "c", "reasoning_content": "r", "prefix": true}],
    "model": "m", "max_tokens": 9, "temperature": 0.5, "top_p": 0.25, "seed": -3, "n": 2,
    "stop": ["x", "y"], "stream": true, "stream_options": {"include_usage": true},
    "logprobs": true, "top_logprobs": 4, "frequency_penalty": 1, "presence_penalty": -1,
    "thinking": {"type": "enabled", "budget_tokens": 77}, "reasoning_effort": "high",
    "response_format": {"type": "json_object"}, "user": "u",
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}}})"));
  EXPECT_EQ(request.messages[0]["role"], "system");
  EXPECT_EQ(request.messages[0]["content"], "a\nb");
  EXPECT_EQ(request.messages[1]["reasoning_content"], "r");
  EXPECT_TRUE(request.prefix);
  EXPECT_EQ(request.common.model, "m");
  EXPECT_EQ(request.common.max_tokens, 9);
  EXPECT_EQ(request.common.temperature, 0.5F);
  EXPECT_EQ(request.common.top_p, 0.25F);
  EXPECT_EQ(request.common.seed, static_cast<std::uint64_t>(-3));
  EXPECT_EQ(request.common.n, 2);
  EXPECT_EQ(request.common.stop, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(request.common.stream && request.common.include_usage);
  EXPECT_EQ(request.common.logprobs, 4);
  EXPECT_EQ(request.common.frequency_penalty, 1);
  EXPECT_EQ(request.common.presence_penalty, -1);
  EXPECT_EQ(request.thinking, true);
  EXPECT_EQ(request.thinking_tokens, 77);
  EXPECT_EQ(request.reasoning_effort, "high");
  EXPECT_EQ(request.response_format.kind, ResponseFormat::Kind::json_object);
  EXPECT_EQ(request.tool_choice.kind, ToolChoice::Kind::named);
  EXPECT_EQ(request.tool_choice.name, "f");
}

TEST(Requests, BadFormatIs400) {
  for (const char* body : {"", "{", "[]", "null", "\"x\"", "{\"a\":\xff}"}) {
    EXPECT_EQ(refusal(body), std::pair(400, std::string())) << body;
  }
  EXPECT_EQ(refusal(std::string(100000, '[')).first, 400);
}

TEST(Requests, BadParametersAre422AndNamed) {
  EXPECT_EQ(refused_field("temperature", 2.5), "temperature");
  EXPECT_EQ(refused_field("temperature", "hot"), "temperature");
  EXPECT_EQ(refused_field("max_tokens", 0), "max_tokens");
  EXPECT_EQ(refused_field("max_tokens", 1.5), "max_tokens");
  EXPECT_EQ(refused_field("seed", 18446744073709551615ULL), "seed");
  EXPECT_EQ(refused_field("top_logprobs", 5), "top_logprobs");
  EXPECT_EQ(refused_field("stream_options", Json::object()), "stream_options");
  EXPECT_EQ(refused_field("stop", Json::array({""})), "stop");
  EXPECT_EQ(refused_field("stop", Json(std::vector<std::string>(17, "x"))), "stop");
  EXPECT_EQ(refused_field("messages", Json::array()), "messages");
  EXPECT_EQ(refused_field("messages", Json::parse(R"([{"role":"robot"}])")), "messages[0].role");
  EXPECT_EQ(refused_field("messages", Json::parse(R"([{"role":"user"}])")), "messages[0].content");
  EXPECT_EQ(refused_field("messages", Json::parse(R"([7])")), "messages[0]");
  EXPECT_EQ(refused_field("messages", Json::parse(R"([{"role":"user","content":[
      {"type":"image_url","image_url":{"url":"x"}}]}])")),
            "messages[0].content[0].type");
  EXPECT_EQ(refused_field("response_format", {{"type", "xml"}}), "response_format.type");
  EXPECT_EQ(refused_field("tool_choice", "required"), "tool_choice");
  EXPECT_EQ(
      refused_field("tools", Json::parse(R"([{"type":"function","function":{"name":"a b"}}])")),
      "tools[0].function.name");
  EXPECT_EQ(refused_field("logit_bias", Json::object()), "logit_bias");
}

TEST(Requests, TextCompletions) {
  const TextCompletionRequest request =
      parse_text_completion(R"({"prompt":"def f(","suffix":"return 1","logprobs":2})");
  EXPECT_EQ(request.prompt, "def f(");
  EXPECT_EQ(request.suffix, "return 1");
  EXPECT_EQ(request.common.logprobs, 2);
  EXPECT_THROW(parse_text_completion("{}"), ApiError);
}

}  // namespace
}  // namespace frugal::server

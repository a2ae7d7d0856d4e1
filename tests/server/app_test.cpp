#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "server/app_support.h"

namespace frugal::server {
namespace {

using testing::events_of;
using testing::kThinks;
using testing::TestServer;

// The engine's thread lets go of a request a moment after its exchange has ended.
void expect_idle(TestServer& server) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (server.served()->active != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server.served()->active, 0);
}

Json question(Json more = Json::object()) {
  Json body = {{"messages", {{{"role", "user"}, {"content", "Hello"}}}},
               {"max_tokens", 20},
               {"seed", 3},
               {"temperature", 1}};
  body.update(more);
  return body;
}

// What a stream's choice said in all.
std::string joined(const std::vector<Json>& events, int choice, const char* field) {
  std::string text;
  for (const Json& event : events) {
    if (!event.is_object() || event["choices"].empty()) continue;
    const Json& part = event["choices"][0];
    if (part["index"] == choice) text += part["delta"].value(field, "");
  }
  return text;
}

TEST(App, UsageAddsUp) {
  TestServer server;
  const Json first = server.ask_ok("POST", "/chat/completions", question());
  const Json& usage = first["usage"];
  // "user: Hello\nassistant: " by characters.
  EXPECT_EQ(usage["prompt_tokens"], 23);
  EXPECT_EQ(usage["prompt_cache_hit_tokens"], 0);
  EXPECT_EQ(usage["total_tokens"],
            usage["prompt_tokens"].get<int>() + usage["completion_tokens"].get<int>());
  EXPECT_EQ(first["model"], "mock");
  EXPECT_EQ(first["system_fingerprint"], "fp_test");
}

TEST(App, StreamsSayTheSameAsWholeAnswers) {
  TestServer server;
  const Json whole = server.ask_ok("POST", "/v1/chat/completions", question({{"n", 3}}));
  const auto response = server.ask(
      "POST", "/chat/completions",
      question({{"n", 3}, {"stream", true}, {"stream_options", {{"include_usage", true}}}}));
  std::vector<Json> events = events_of(response);
  ASSERT_EQ(events.back(), "[DONE]");
  events.pop_back();
  EXPECT_EQ(events.back()["usage"]["completion_tokens"], whole["usage"]["completion_tokens"]);
  EXPECT_TRUE(events.back()["choices"].empty());
  EXPECT_EQ(events.front()["choices"][0]["delta"]["role"], "assistant");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(joined(events, i, "content"), whole["choices"][i]["message"]["content"]);
  }
  EXPECT_NE(whole["choices"][0]["message"], whole["choices"][1]["message"]);
}

TEST(App, LogprobsOfEachToken) {
  TestServer server;
  const Json reply = server.ask_ok("POST", "/chat/completions",
                                   question({{"logprobs", true}, {"top_logprobs", 3}}));
  const Json& choice = reply["choices"][0];
  std::string text;
  for (const Json& entry : choice["logprobs"]["content"]) {
    text += entry["token"].get<std::string>();
    EXPECT_LE(entry["logprob"], 0);
    EXPECT_EQ(entry["top_logprobs"].size(), 3);
    EXPECT_GE(entry["top_logprobs"][0]["logprob"], entry["logprob"]);
  }
  EXPECT_TRUE(text.starts_with(choice["message"]["content"].get<std::string>()));
}

TEST(App, StopStringsEndTheAnswerBeforeThem) {
  TestServer server;
  const Json free = server.ask_ok("POST", "/chat/completions", question());
  const auto text = free["choices"][0]["message"]["content"].get<std::string>();
  ASSERT_GT(text.size(), 6);
  const Json cut =
      server.ask_ok("POST", "/chat/completions", question({{"stop", text.substr(4, 2)}}));
  EXPECT_EQ(cut["choices"][0]["message"]["content"], text.substr(0, text.find(text.substr(4, 2))));
  EXPECT_EQ(cut["choices"][0]["finish_reason"], "stop");
}

TEST(App, ThePrefixOfAnAnswerIsContinued) {
  TestServer server;
  Json body = question();
  body["messages"].push_back({{"role", "assistant"}, {"content", "Hi th"}, {"prefix", true}});
  const Json reply = server.ask_ok("POST", "/beta/chat/completions", body);
  EXPECT_EQ(reply["usage"]["prompt_tokens"], 28);  // no newline and no new turn behind the prefix
}

TEST(App, ReasoningStandsApartAndIsCounted) {
  TestServer server(kThinks);
  const Json reply = server.ask_ok("POST", "/chat/completions", question({{"max_tokens", 10}}));
  const Json& message = reply["choices"][0]["message"];
  EXPECT_FALSE(message.value("reasoning_content", "").empty());
  const Json& usage = reply["usage"];
  EXPECT_GT(usage["completion_tokens_details"]["reasoning_tokens"], 0);
}

TEST(App, ReasoningCanBeSwitchedOffAndLimited) {
  TestServer server(kThinks);
  const Json off =
      server.ask_ok("POST", "/chat/completions", question({{"thinking", {{"type", "disabled"}}}}));
  EXPECT_FALSE(off["choices"][0]["message"].contains("reasoning_content"));
  EXPECT_EQ(off["usage"]["completion_tokens_details"]["reasoning_tokens"], 0);

  const Json thinking = {{"type", "enabled"}, {"budget_tokens", 5}};
  const Json limited = server.ask_ok("POST", "/chat/completions",
                                     question({{"thinking", thinking}, {"max_tokens", 40}}));
  const Json& message = limited["choices"][0]["message"];
  EXPECT_LE(message["reasoning_content"].get<std::string>().size(), 6);
  EXPECT_FALSE(message["content"].get<std::string>().empty());
  const Json& usage = limited["usage"];
  EXPECT_LE(usage["completion_tokens"], 40);
  EXPECT_EQ(usage["prompt_cache_hit_tokens"], 0);
}

TEST(App, TheStatusSaysWhetherAModelThinksByItself) {
  const auto told = [](const std::string& chat_template) {
    TestServer server(chat_template);
    server.ask_ok("POST", "/chat/completions", question({{"max_tokens", 1}}));  // loads it
    const Json model = server.ask_ok("GET", "/api/status")["models"][0];
    return std::pair(model["thinking"].get<std::string>(), model["thinks"].get<bool>());
  };
  const std::string plain = TestServer::kTemplate;
  EXPECT_EQ(told(plain), std::pair(std::string("never"), false));
  EXPECT_EQ(told(kThinks), std::pair(std::string("switch"), true));  // as R1 does
  // As DeepSeek-V3.1 and Qwen3 have it.
  EXPECT_EQ(told(plain + "{% if thinking %}<think>{% endif %}"),
            std::pair(std::string("switch"), false));
  EXPECT_EQ(
      told(plain +
           "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"),
      std::pair(std::string("switch"), true));
}

TEST(App, TextIsContinuedAndEchoed) {
  TestServer server;
  const Json body = {{"prompt", "abc"}, {"max_tokens", 4}, {"seed", 1}, {"echo", true}};
  const Json reply = server.ask_ok("POST", "/completions", body);
  EXPECT_TRUE(reply["choices"][0]["text"].get<std::string>().starts_with("abc"));
  EXPECT_EQ(reply["usage"]["prompt_tokens"], 3);
  const auto refused = server.ask("POST", "/beta/completions", {{"prompt", "a"}, {"suffix", "b"}});
  EXPECT_EQ(refused.status, 422);
}

TEST(App, PromptsBeyondTheContextAreRefused) {
  TestServer server;
  Json body = question();
  body["messages"][0]["content"] = std::string(5000, 'x');
  const auto refused = server.ask("POST", "/chat/completions", body);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Json::parse(refused.body)["error"]["code"], "context_length_exceeded");
}

TEST(App, AClientThatGoesAwayIsNotAnsweredAnyLonger) {
  TestServer server;
  server.never_stop();
  const Json endless = question({{"max_tokens", 3900}, {"stream", true}});
  const auto exchange = server.begin("POST", "/chat/completions", endless.dump());
  exchange->wait_for_text();
  exchange->go_away();
  exchange->wait();
  expect_idle(server);
  const auto days = server.store().ledger(1, std::nullopt);
  ASSERT_EQ(days.size(), 1);
  EXPECT_LT(days[0].tokens.output, 3900);
}

TEST(App, AtTheEndOfTheServerStreamsAreTold) {
  TestServer server;
  server.never_stop();
  const Json endless = question({{"max_tokens", 3900}, {"stream", true}});
  const auto exchange = server.begin("POST", "/chat/completions", endless.dump());
  exchange->wait_for_text();
  server.app().cut_off();
  const auto events = events_of(exchange->wait());
  EXPECT_EQ(events[events.size() - 2]["choices"][0]["finish_reason"],
            "insufficient_system_resource");
}

TEST(App, AFailingModelIsA500AndCostsNothing) {
  TestServer server;
  server.model().before = [](auto, const auto&) { fail("the disk burns"); };
  const auto response = server.ask("POST", "/chat/completions", question());
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, ::testing::HasSubstr("the disk burns"));
  EXPECT_EQ(server.store().ledger(1, std::nullopt)[0].cost, 0);
}

TEST(App, AStreamIsTakenUpAgain) {
  TestServer server;
  const auto first = server.begin("POST", "/api/generations", question().dump());
  first->wait_for_text();
  const auto all = events_of(first->wait());
  ASSERT_GT(all.size(), 5);
  const auto id = all[0]["generation"].get<std::string>();
  const auto later = events_of(server.ask("GET", "/api/generations/" + id + "?from=3"));
  EXPECT_EQ(later, std::vector<Json>(all.begin() + 3, all.end()));
  EXPECT_EQ(server.ask("GET", "/api/generations/gen-other").status, 404);
}

TEST(App, AResumableStreamRunsOnUntilItIsStopped) {
  TestServer server;
  server.never_stop();
  const auto gone =
      server.begin("POST", "/api/generations", question({{"max_tokens", 3900}}).dump());
  gone->wait_for_text();
  gone->go_away();
  EXPECT_EQ(server.served()->active, 1);
  const auto id = events_of(gone->so_far())[0]["generation"].get<std::string>();
  const auto again = server.begin("GET", "/api/generations/" + id);
  server.ask_ok("DELETE", "/api/generations/" + id);
  again->wait();
  expect_idle(server);
}

}  // namespace
}  // namespace frugal::server

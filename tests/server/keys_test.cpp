// Keys, limits and money, through the endpoints.
#include <gtest/gtest.h>

#include "server/api_error.h"
#include "server/app_support.h"

namespace frugal::server {
namespace {

using std::chrono::seconds;
using testing::TestServer;

Headers bearer(const std::string& secret) { return {{"Authorization", "Bearer " + secret}}; }

Json question() {
  return {{"messages", {{{"role", "user"}, {"content", "Hello"}}}}, {"max_tokens", 5}};
}

TEST(Keys, WithoutAnyOnlyThisMachineIsAnswered) {
  TestServer server;
  EXPECT_EQ(server.ask("GET", "/models", {}, {{"Host", "localhost:8080"}}).status, 200);
  EXPECT_EQ(server.ask("GET", "/models", {}, {{"Host", "evil.example"}}).status, 403);
}

TEST(Keys, OnceThereIsOneItIsNeeded) {
  TestServer server;
  const std::string secret = server.store().add_key({.name = "ann"});
  EXPECT_EQ(server.ask("GET", "/models").status, 401);
  EXPECT_EQ(server.ask("GET", "/models", {}, bearer("sk-wrong")).status, 401);
  EXPECT_EQ(server.ask("GET", "/models", {}, bearer(secret)).status, 200);
  EXPECT_EQ(server.ask("GET", "/models", {}, {{"x-api-key", secret}}).status, 200);
  EXPECT_EQ(server.ask("GET", "/health").status, 200);
  EXPECT_EQ(server.ask("GET", "/").status, 200);
  server.store().revoke_key("ann");
  EXPECT_EQ(server.ask("GET", "/models", {}, bearer(secret)).status, 401);
}

TEST(Keys, UsersDoNotSeeEachOther) {
  TestServer server;
  const Headers ann = bearer(server.store().add_key({.name = "ann"}));
  const Headers bob = bearer(server.store().add_key({.name = "bob"}));
  const Json chat = {{"title", "t"}, {"data", {{"secret", 1}}}};
  server.ask_ok("PUT", "/api/chats/c1", chat, ann);
  EXPECT_EQ(server.ask("GET", "/api/chats/c1", {}, bob).status, 404);
  EXPECT_EQ(server.ask_ok("DELETE", "/api/chats/c1", {}, bob)["deleted"], 0);
  EXPECT_EQ(server.ask_ok("GET", "/api/chats/c1", {}, ann)["data"]["secret"], 1);

  Json long_question = question();
  long_question["messages"][0]["content"] = std::string(200, 'x');
  server.ask_ok("POST", "/chat/completions", long_question, ann);
  const auto hits = [&](const Headers& who) {
    const Json reply = server.ask_ok("POST", "/chat/completions", long_question, who);
    return reply["usage"]["prompt_cache_hit_tokens"].get<int>();
  };
  EXPECT_EQ(hits(bob), 0);
  EXPECT_EQ(hits(ann), 192);  // whole blocks of 64
  EXPECT_EQ(server.ask_ok("GET", "/api/ledger", {}, bob)["days"][0]["requests"], 1);

  const auto stream = server.begin("POST", "/api/generations", question().dump(), ann);
  const auto id = testing::events_of(stream->wait())[0]["generation"].get<std::string>();
  EXPECT_EQ(server.ask("GET", "/api/generations/" + id, {}, bob).status, 404);
}

TEST(Keys, AnswersArePaidAndAnEmptyBalanceIs402) {
  TestServer server;
  const Headers ann = bearer(server.store().add_key({.name = "ann"}));
  EXPECT_TRUE(server.ask_ok("GET", "/user/balance", {}, ann)["is_available"]);
  server.store().top_up("ann", 10'000, true);
  server.store().top_up("ann", 1'000, false);
  const Json usage = server.ask_ok("POST", "/chat/completions", question(), ann)["usage"];
  const auto cost = usage["prompt_tokens"].get<int>() * 550 +
                    usage["completion_tokens"].get<int>() * 2190;  // nanodollars
  const Balance left = server.store().balance("ann");
  EXPECT_EQ(left.total(), 11'000 - cost);
  EXPECT_EQ(left.granted, 0);  // spent first
  const Json shown = server.ask_ok("GET", "/user/balance", {}, ann);
  EXPECT_FALSE(shown["is_available"]);
  EXPECT_EQ(shown["balance_infos"][0]["total_balance"], cost::dollars(left.total()));
  EXPECT_EQ(server.ask("POST", "/chat/completions", question(), ann).status, 402);
}

TEST(Keys, LimitsPerMinuteAndAtATime) {
  KeyLimits limits;
  const auto start = KeyLimits::Clock::now();
  const Key key{.name = "k", .requests_per_minute = 2};
  limits.enter(key, start);
  limits.enter(key, start);
  EXPECT_THROW(limits.enter(key, start), ApiError);
  EXPECT_THROW(limits.enter(key, start + seconds(29)), ApiError);
  EXPECT_NO_THROW(limits.enter(key, start + seconds(60)));

  const Key narrow{.name = "n", .concurrent = 1};
  auto ticket = limits.enter(narrow);
  EXPECT_THROW(limits.enter(narrow), ApiError);
  ticket = nullptr;
  EXPECT_NO_THROW(limits.enter(narrow));
}

TEST(Keys, TooManyAtATimeAre429AndTheQueueEndsWith503) {
  TestServer server(TestServer::kTemplate, {.max_active = 2});
  server.never_stop();
  const Headers ann = bearer(server.store().add_key({.name = "ann", .concurrent = 1}));
  const Headers bob = bearer(server.store().add_key({.name = "bob"}));
  Json endless = question();
  endless.update({{"max_tokens", 3900}, {"stream", true}});
  const auto first = server.begin("POST", "/chat/completions", endless.dump(), ann);
  first->wait_for_text();
  EXPECT_EQ(server.ask("POST", "/chat/completions", question(), ann).status, 429);
  endless["n"] = 2;
  EXPECT_EQ(server.ask("POST", "/chat/completions", endless, bob).status, 503);
  first->go_away();
  first->wait();
  EXPECT_EQ(server.ask("POST", "/chat/completions", question(), ann).status, 200);
}

TEST(Keys, WhoHasAnAnswerMayAskAgainAtOnce) {
  TestServer server(TestServer::kTemplate, {.max_active = 1});
  const Headers ann = bearer(server.store().add_key({.name = "ann", .concurrent = 1}));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(server.ask("POST", "/chat/completions", question(), ann).status, 200) << i;
  }
}

}  // namespace
}  // namespace frugal::server

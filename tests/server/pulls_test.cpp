#include "server/pulls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "server/app_support.h"

namespace frugal::server {
namespace {

using testing::TestServer;

// Waits for the puller's thread.
void wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// Gets half of a model, then waits to be let go on or stopped.
struct HalfWay {
  std::atomic<bool> finish = false;

  Puller puller() {
    return [this](const std::string& model, const auto& progress, const auto& stopped) {
      require(model != "broken", "the hub does not have it");
      progress(50, 100);
      while (!finish && !stopped()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      require(!stopped(), "stopped");
      progress(100, 100);
    };
  }
};

TEST(Pulls, TellHowFarTheyAre) {
  HalfWay half;
  TestServer server(TestServer::kTemplate, {.puller = half.puller()});
  const auto state = [&] { return server.ask_ok("GET", "/api/pulls"); };
  EXPECT_EQ(state()["running"], false);
  EXPECT_EQ(server.ask_ok("POST", "/api/pulls", {{"model", "tiny"}})["model"], "tiny");
  wait_until([&] { return state()["done"] == 50; });
  EXPECT_EQ(state()["total"], 100);
  EXPECT_EQ(state()["running"], true);
  // The same once more changes nothing; another has to wait.
  EXPECT_EQ(server.ask("POST", "/api/pulls", {{"model", "tiny"}}).status, 200);
  EXPECT_EQ(server.ask("POST", "/api/pulls", {{"model", "other"}}).status, 429);
  half.finish = true;
  wait_until([&] { return state()["running"] == false; });
  EXPECT_EQ(state()["done"], 100);
  EXPECT_EQ(state()["error"], "");
}

TEST(Pulls, AreStoppedAndBegunAgain) {
  HalfWay half;
  TestServer server(TestServer::kTemplate, {.puller = half.puller()});
  const auto running = [&] { return server.ask_ok("GET", "/api/pulls")["running"] == true; };
  server.ask_ok("POST", "/api/pulls", {{"model", "tiny"}});
  EXPECT_TRUE(running());
  server.ask_ok("DELETE", "/api/pulls");
  wait_until([&] { return !running(); });
  EXPECT_EQ(server.ask_ok("GET", "/api/pulls")["error"], "");
  server.ask_ok("POST", "/api/pulls", {{"model", "other"}});
  EXPECT_TRUE(running());  // and ends with the server
}

TEST(Pulls, SayWhyTheyFail) {
  HalfWay half;
  TestServer server(TestServer::kTemplate, {.puller = half.puller()});
  server.ask_ok("POST", "/api/pulls", {{"model", "broken"}});
  wait_until([&] { return server.ask_ok("GET", "/api/pulls")["running"] == false; });
  EXPECT_EQ(server.ask_ok("GET", "/api/pulls")["error"], "the hub does not have it");
  EXPECT_EQ(server.ask("POST", "/api/pulls", Json::object()).status, 422);
}

TEST(Pulls, AreForWhoeverRunsTheServer) {
  TestServer without;
  EXPECT_EQ(without.ask("POST", "/api/pulls", {{"model", "tiny"}}).status, 403);
}

}  // namespace
}  // namespace frugal::server

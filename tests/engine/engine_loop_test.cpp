#include "engine/engine_loop.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/rng.h"
#include "engine/generate.h"
#include "engine/mock_model.h"

namespace frugal::engine {
namespace {

using testing::MockModel;

Request request_of(std::uint64_t seed, std::int64_t max_tokens) {
  Request request;
  request.prompt = {static_cast<std::int32_t>(seed % 50), 1, 2};
  request.sampling.seed = seed;
  request.max_tokens = max_tokens;
  return request;
}

// What a client on another thread does: collects, and waits for the end.
struct Client {
  std::vector<Sample> tokens;
  std::promise<Finish> finish;

  EngineLoop::OnEvent listener() {
    return [this](Event event) {
      if (event.token) tokens.push_back(*event.token);
      if (event.finish) finish.set_value(*event.finish);
    };
  }
};

TEST(EngineLoop, AnswersAsTheEngineAlone) {
  MockModel model;
  Engine engine(model, {});
  const std::vector<Completion> expected = generate(engine, {request_of(1, 20), request_of(2, 30)});
  EngineLoop loop(engine);
  Client first;
  Client second;
  loop.submit(request_of(1, 20), first.listener());
  loop.submit(request_of(2, 30), second.listener());
  EXPECT_EQ(first.finish.get_future().get().reason, FinishReason::length);
  EXPECT_EQ(second.finish.get_future().get().output_tokens, 30);
  EXPECT_EQ(first.tokens, expected[0].tokens);
  EXPECT_EQ(second.tokens, expected[1].tokens);
}

TEST(EngineLoop, RefusesInTheCallersThread) {
  MockModel model;
  Engine engine(model, {});
  EngineLoop loop(engine);
  EXPECT_THROW(loop.submit({}, [](const Event&) {}), Error);
}

TEST(EngineLoop, CancelsFromAnotherThread) {
  MockModel model(53, 1 << 20);
  Engine engine(model, {.cache_tokens = 1 << 14});
  EngineLoop loop(engine);
  Client client;
  const RequestId id = loop.submit({.prompt = {1}}, client.listener());
  loop.cancel(id);
  loop.cancel(id);
  loop.cancel(12345);
  EXPECT_EQ(client.finish.get_future().get().reason, FinishReason::cancelled);
}

TEST(EngineLoop, EndsWhatStillRunsWhenItStops) {
  MockModel model(53, 1 << 20);
  Engine engine(model, {.cache_tokens = 1 << 14, .max_sequences = 2});
  std::vector<Client> clients(5);
  {
    EngineLoop loop(engine);
    for (Client& client : clients) loop.submit({.prompt = {1}}, client.listener());
  }
  for (Client& client : clients) {
    EXPECT_EQ(client.finish.get_future().get().reason, FinishReason::cancelled);
  }
  EXPECT_TRUE(engine.idle());
}

TEST(EngineLoop, AThrowingListenerEndsItsRequestOnly) {
  set_log_level(LogLevel::error);
  MockModel model(53, 1 << 20);
  Engine engine(model, {.cache_tokens = 1 << 14, .max_sequences = 1});
  int calls = 0;
  Client client;
  {
    EngineLoop loop(engine);
    loop.submit({.prompt = {1}}, [&](const Event&) {
      ++calls;
      fail("the client is gone");
    });
    loop.submit(request_of(3, 50), client.listener());
    EXPECT_EQ(client.finish.get_future().get().reason, FinishReason::length);
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(model.passes, 51);  // one for the request whose listener threw
  set_log_level(LogLevel::info);
}

TEST(EngineLoop, AListenerMaySubmitAndCancel) {
  MockModel model;
  Engine engine(model, {});
  EngineLoop loop(engine);
  Client second;
  loop.submit(request_of(1, 3), [&](const Event& event) {
    if (event.finish) loop.submit(request_of(2, 4), second.listener());
    loop.cancel(777);
  });
  EXPECT_EQ(second.finish.get_future().get().output_tokens, 4);
}

TEST(EngineLoop, AListenerCannotKeepAStoppingLoopAlive) {
  MockModel model(53, 1 << 20);
  Engine engine(model, {.cache_tokens = 1 << 14});
  std::string message;
  {
    EngineLoop loop(engine);
    loop.submit({.prompt = {1}}, [&](const Event& event) {
      if (!event.finish) return;
      try {
        loop.submit({.prompt = {1}}, [](const Event&) {});
      } catch (const Error& error) {
        message = error.what();
      }
    });
  }
  EXPECT_EQ(message, "the engine is stopping");
}

// Many threads submit and cancel at once; run under ThreadSanitizer it finds races too.
TEST(EngineLoop, ServesManyThreads) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 1024, .max_batch_tokens = 64, .max_sequences = 5});
  std::vector<Request> requests;
  for (std::uint64_t i = 0; i < 100; ++i) requests.push_back(request_of(i, 5 + i % 40));
  const std::vector<Completion> expected = generate(engine, requests);
  EngineLoop loop(engine);
  std::vector<std::thread> threads;
  std::vector<Client> clients(100);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Rng rng(t);
      for (std::size_t i = t; i < 100; i += 4) {
        const RequestId id = loop.submit(requests[i], clients[i].listener());
        if (rng.below(5) == 0) loop.cancel(id);
        if (rng.below(3) == 0) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < 100; ++i) {
    const Finish finish = clients[i].finish.get_future().get();
    if (finish.reason == FinishReason::cancelled) continue;
    EXPECT_EQ(clients[i].tokens, expected[i].tokens) << i;
  }
}

}  // namespace
}  // namespace frugal::engine

// The engine with its prefix cache.
#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/engine_support.h"

namespace frugal::engine {
namespace {

using testing::greedy;
using testing::greedy_request;
using testing::long_prompt;
using testing::MockModel;
using testing::Result;
using testing::run;

TEST(EnginePrefixes, ComputesASharedBeginningOnce) {
  MockModel model;
  Engine engine(model, {});
  std::vector<std::int32_t> prompt = long_prompt(200);
  engine.submit(1, greedy_request(prompt, 1));
  EXPECT_EQ(run(engine).at(1).finish->cached_tokens, 0);
  prompt.resize(130);
  prompt.push_back(52);
  const std::int64_t rows = model.rows;
  engine.submit(2, greedy_request(prompt, 10));
  const Result result = run(engine).at(2);
  EXPECT_EQ(result.finish->cached_tokens, 128);
  EXPECT_EQ(result.finish->prompt_tokens, 131);
  EXPECT_EQ(model.rows - rows, 3 + 9);
  EXPECT_EQ(result.tokens, greedy(model, prompt, 10));
}

TEST(EnginePrefixes, ContinuesAConversationFromTheCache) {
  MockModel model;
  Engine engine(model, {});
  std::vector<std::int32_t> prompt = long_prompt(100);
  engine.submit(1, greedy_request(prompt, 100));
  const auto answer = run(engine).at(1).tokens;
  prompt.insert(prompt.end(), answer.begin(), answer.end());
  prompt.push_back(7);
  engine.submit(2, greedy_request(prompt, 5));
  const Result result = run(engine).at(2);
  EXPECT_EQ(result.finish->cached_tokens, 192);  // 199 tokens were computed
  EXPECT_EQ(result.tokens, greedy(model, prompt, 5));
}

TEST(EnginePrefixes, APromptInTheCacheToItsEndIsStillAnswered) {
  MockModel model;
  Engine engine(model, {});
  for (const RequestId id : {1, 2}) engine.submit(id, greedy_request(long_prompt(128), 70));
  run(engine);
  engine.submit(3, greedy_request(long_prompt(128), 70));
  const Result result = run(engine).at(3);
  EXPECT_EQ(result.finish->cached_tokens, 64);
  EXPECT_EQ(result.tokens, greedy(model, long_prompt(128), 70));
}

TEST(EnginePrefixes, ThePromptOfSeveralSamplesIsComputedOnce) {
  for (const std::int64_t length : {1, 2, 50, 64, 65, 66, 100, 129}) {
    MockModel model;
    Engine engine(model, {.max_batch_tokens = 40});  // most prompts take several steps
    const std::vector<std::int32_t> prompt = long_prompt(length);
    for (const RequestId id : {1, 2, 3}) engine.submit(id, greedy_request(prompt, 4));
    auto results = run(engine);
    for (const RequestId id : {1, 2, 3}) {
      EXPECT_EQ(results.at(id).tokens, greedy(model, prompt, 4));
      // Copies are no hits: those count in whole blocks.
      EXPECT_EQ(results.at(id).finish->cached_tokens, id == 1 ? 0 : (length - 1) / 64 * 64);
    }
    EXPECT_EQ(model.rows, length + 2 * 1 + 3 * 3) << length;
  }
}

TEST(EnginePrefixes, OwnersCopyNothingFromEachOther) {
  MockModel model;
  Engine engine(model, {.max_batch_tokens = 40});
  for (const RequestId id : {1, 2}) {
    Request request = greedy_request(long_prompt(50), 4);
    request.owner = id == 1 ? "one" : "other";
    engine.submit(id, request);
    for (int i = 0; i < 2; ++i) engine.step();  // its prompt
  }
  run(engine);
  EXPECT_EQ(model.rows, 2 * (50 + 3));
}

TEST(EnginePrefixes, WhoWaitsForAPromptHoldsUpNobody) {
  MockModel model;
  Engine engine(model, {.max_batch_tokens = 20});
  engine.submit(1, greedy_request(long_prompt(100), 4));
  engine.submit(2, greedy_request(long_prompt(100), 4));
  engine.submit(3, greedy_request({1, 2}, 4));
  engine.step();
  EXPECT_EQ(engine.running(), 2);
  EXPECT_TRUE(engine.cancel(1));  // nobody computes the prompt any more
  engine.step();
  EXPECT_EQ(engine.running(), 2);
  EXPECT_EQ(run(engine).at(2).tokens, greedy(model, long_prompt(100), 4));
}

TEST(EnginePrefixes, OwnersShareNoCache) {
  MockModel model;
  Engine engine(model, {});
  Request request = greedy_request(long_prompt(200), 1);
  RequestId id = 0;
  const auto hits_of = [&](const char* owner) {
    request.owner = owner;
    engine.submit(++id, request);
    return run(engine).at(id).finish->cached_tokens;
  };
  EXPECT_EQ(hits_of("one"), 0);
  EXPECT_EQ(hits_of("other"), 0);
  EXPECT_EQ(hits_of(""), 0);
  EXPECT_EQ(hits_of("one"), 192);
}

TEST(EnginePrefixes, BlocksInTheCacheNeedNoRoom) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 320, .max_sequences = 2});
  engine.submit(1, greedy_request(long_prompt(190), 1));
  run(engine);
  // Of five blocks one is taken, two are shared, one is needed and one spare.
  engine.submit(2, greedy_request({1}, 10));
  engine.submit(3, greedy_request(long_prompt(190), 2));
  engine.step();
  EXPECT_EQ(engine.running(), 2);
}

TEST(EnginePrefixes, ThePrefixCacheCanBeOffOrCleared) {
  MockModel model;
  Engine without(model, {.prefix_cache = false});
  Engine with(model, {});
  for (const RequestId id : {1, 2}) {
    for (Engine* engine : {&without, &with}) {
      engine->submit(id, greedy_request(long_prompt(200), 1));
      EXPECT_EQ(run(*engine).at(id).finish->cached_tokens, 0);
    }
    with.clear_prefix_cache();
  }
  with.submit(3, {.prompt = {1}});
  with.step();
  EXPECT_THROW(with.clear_prefix_cache(), Error);
}

TEST(EnginePrefixes, AFailedPassLeavesNothingInTheCache) {
  MockModel model;
  Engine engine(model, {});
  model.before = [](auto, const auto&) { fail("broken"); };
  engine.submit(1, greedy_request(long_prompt(200), 1));
  EXPECT_EQ(run(engine).at(1).finish->reason, FinishReason::error);
  model.before = nullptr;
  engine.submit(2, greedy_request(long_prompt(200), 1));
  EXPECT_EQ(run(engine).at(2).finish->cached_tokens, 0);
}

TEST(EnginePrefixes, WhoMadeWayIsNotChargedItsOwnBlocksAsHits) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 256, .max_batch_tokens = 100, .max_sequences = 2});
  engine.submit(1, greedy_request(long_prompt(64), 100));
  Request other = greedy_request(long_prompt(64), 100);
  other.owner = "other";
  engine.submit(2, other);
  EXPECT_EQ(run(engine).at(2).finish->cached_tokens, 0);
}

}  // namespace
}  // namespace frugal::engine

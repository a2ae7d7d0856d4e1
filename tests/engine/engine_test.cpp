#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "base/error.h"
#include "engine/engine_support.h"

namespace frugal::engine {
namespace {

using testing::greedy;
using testing::greedy_request;
using ::testing::HasSubstr;
using testing::letter;
using testing::long_prompt;
using testing::MockModel;
using testing::Result;
using testing::run;

TEST(Engine, ContinuesAPromptAcrossChunksAndBlocks) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 512, .max_batch_tokens = 50, .max_sequences = 4});
  const auto prompt = long_prompt(230);
  engine.submit(7, greedy_request(prompt, 100));
  const Result result = run(engine).at(7);
  EXPECT_EQ(result.tokens, greedy(model, prompt, 100));
  ASSERT_TRUE(result.finish);
  EXPECT_EQ(result.finish->reason, FinishReason::length);
  EXPECT_EQ(result.finish->prompt_tokens, 230);
  EXPECT_EQ(result.finish->output_tokens, 100);
  EXPECT_EQ(engine.free_blocks(), 8);
}

TEST(Engine, StopsAtAStopTokenOfTheOutputOnly) {
  MockModel model;
  Engine engine(model, {});
  const auto expected = greedy(model, {1, 2, 3}, 10);
  Request request = greedy_request(
      {
          1,
          2,
          3,
      },
      10);
  request.stop_tokens = {2, 99};
  // A stop token in the prompt changes nothing; one of the output ends it and is reported.
  std::size_t end = 4;
  while (std::find(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(end),
                   expected[end]) != expected.begin() + static_cast<std::ptrdiff_t>(end)) {
    ++end;
  }
  request.stop_tokens.push_back(expected[end]);
  engine.submit(1, request);
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.tokens,
            std::vector<std::int32_t>(expected.begin(),
                                      expected.begin() + static_cast<std::ptrdiff_t>(end) + 1));
  EXPECT_EQ(result.finish->reason, FinishReason::stop);
  EXPECT_EQ(result.finish->stop_token, expected[end]);
  EXPECT_FALSE(result.finish->stop_string.has_value());
}

TEST(Engine, AStopTokenHasNoText) {
  MockModel model;
  Engine engine(model, {.token_bytes = letter});
  const auto expected = greedy(model, {1, 2, 3}, 2);
  Request request = greedy_request({1, 2, 3}, 10);
  request.stop_tokens = {expected[1]};
  engine.submit(1, request);
  EXPECT_EQ(run(engine).at(1).text, letter(expected[0]));
}

TEST(Engine, StopsAtAStopStringAcrossTokens) {
  MockModel model;
  Engine engine(model, {.token_bytes = letter});
  const auto tokens = greedy(model, {1, 2, 3}, 10);
  std::string text;
  for (const std::int32_t token : tokens) text += letter(token);
  Request request = greedy_request({1, 2, 3}, 10);
  request.stop_strings = {"no such text", text.substr(4, 3)};
  engine.submit(1, request);
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.text, text.substr(0, text.find(text.substr(4, 3))));
  EXPECT_EQ(result.finish->reason, FinishReason::stop);
  EXPECT_EQ(result.finish->stop_string, text.substr(4, 3));
  EXPECT_EQ(result.tokens.size(), 7U);
}

TEST(Engine, EndsWithAllTextThatAStopDidNotClaim) {
  MockModel model;
  Engine engine(model, {.token_bytes = letter});
  std::string text;
  for (const std::int32_t token : greedy(model, {1, 2, 3}, 5)) text += letter(token);
  Request request = greedy_request({1, 2, 3}, 5);
  request.stop_strings = {text.substr(3) + "!"};
  engine.submit(1, request);
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.text, text);
  EXPECT_EQ(result.finish->reason, FinishReason::length);
}

TEST(Engine, FillsTheContextAndNoMore) {
  MockModel model(53, 100);
  Engine engine(model, {.cache_tokens = 64 * 8});
  EXPECT_EQ(engine.context(), 100);
  engine.submit(1, {.prompt = long_prompt(90)});
  engine.submit(2, {.prompt = long_prompt(99), .max_tokens = 50});
  const auto results = run(engine);
  EXPECT_EQ(results.at(1).tokens.size(), 10U);
  EXPECT_EQ(results.at(1).finish->reason, FinishReason::length);
  EXPECT_EQ(results.at(2).tokens.size(), 1U);
}

TEST(Engine, ContextIsLimitedByTheCacheToo) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 100});
  EXPECT_EQ(engine.context(), 128);  // whole blocks
}

TEST(Engine, MaxTokensZeroEndsAtOnce) {
  MockModel model;
  Engine engine(model, {});
  engine.submit(1, {.prompt = {1}, .max_tokens = 0});
  EXPECT_FALSE(engine.idle());
  const Result result = run(engine).at(1);
  EXPECT_TRUE(result.tokens.empty());
  EXPECT_EQ(result.finish->reason, FinishReason::length);
  EXPECT_EQ(model.passes, 0);
}

TEST(Engine, RefusesWhatItCannotServe) {
  MockModel model(53, 200);
  Engine engine(model, {.cache_tokens = 1000});
  const auto refused = [&](const Request& request, const std::vector<std::string>& parts) {
    try {
      engine.submit(1, request);
      ADD_FAILURE() << "accepted, expected: " << parts[0];
    } catch (const Error& error) {
      for (const std::string& part : parts) EXPECT_THAT(error.what(), HasSubstr(part));
    }
  };
  refused({}, {"prompt is empty"});
  refused({.prompt = long_prompt(200)}, {"200 tokens", "context holds 200"});
  refused({.prompt = long_prompt(5000)}, {"5000 tokens", "context holds 200"});
  refused({.prompt = {1, 53}}, {"token 53", "vocabulary has 53"});
  refused({.prompt = {-1}}, {"token -1"});
  refused({.prompt = {1}, .max_tokens = -1}, {"max_tokens is -1"});
  refused({.prompt = {1}, .logprobs = -1}, {"logprobs is -1"});
  Request bad_sampling{.prompt = {1}};
  bad_sampling.sampling.top_p = 2;
  refused(bad_sampling, {"top_p is 2"});
  Request unknown_text{.prompt = {1}};
  unknown_text.stop_strings = {"x"};
  refused(unknown_text, {"stop strings need"});
  unknown_text.stop_strings = {""};
  Engine with_text(model, {.token_bytes = letter});
  EXPECT_THROW(with_text.check(unknown_text), Error);
  EXPECT_TRUE(engine.idle());
  engine.submit(1, {.prompt = {1}});
  refused({.prompt = {1}}, {"id 1"});
}

TEST(Engine, RefusesImpossibleOptions) {
  MockModel model;
  EXPECT_THROW(Engine(model, {.cache_tokens = 0}), Error);
  EXPECT_THROW(Engine(model, {.max_sequences = 0}), Error);
  EXPECT_THROW(Engine(model, {.max_batch_tokens = 8, .max_sequences = 9}), Error);
}

TEST(Engine, CancelFreesMemoryAtOnce) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 640, .max_batch_tokens = 100, .max_sequences = 2});
  engine.submit(1, {.prompt = long_prompt(300)});
  engine.submit(2, {.prompt = long_prompt(10)});
  engine.submit(3, {.prompt = long_prompt(10)});
  engine.step();
  EXPECT_EQ(engine.running(), 2);
  EXPECT_EQ(engine.waiting(), 1);
  EXPECT_TRUE(engine.cancel(1));
  EXPECT_FALSE(engine.cancel(1));
  EXPECT_TRUE(engine.cancel(3));
  EXPECT_FALSE(engine.cancel(99));
  EXPECT_EQ(engine.free_blocks(), 9);
  EXPECT_EQ(engine.waiting(), 0);
  std::vector<Event> events = engine.step();
  ASSERT_GE(events.size(), 2U);
  EXPECT_EQ(events[0].request, 1U);
  EXPECT_EQ(events[0].finish->reason, FinishReason::cancelled);
  EXPECT_EQ(events[1].request, 3U);
  EXPECT_TRUE(engine.cancel(2));
  EXPECT_EQ(engine.free_blocks(), 10);
}

TEST(Engine, ALongPromptHoldsUpNoDecoding) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 2000, .max_batch_tokens = 32, .max_sequences = 4});
  engine.submit(1, greedy_request({5}, 40));
  engine.step();
  engine.submit(2, greedy_request(long_prompt(600), 1));
  int steps_with_token = 0;
  for (int i = 0; i < 15; ++i) {
    for (const Event& event : engine.step()) steps_with_token += event.request == 1 ? 1 : 0;
  }
  EXPECT_EQ(steps_with_token, 15);
  EXPECT_EQ(model.rows, 1 + 15 * 32);  // and the batch is filled with the prompt
}

TEST(Engine, StartsInTheOrderOfSubmission) {
  MockModel model;
  Engine engine(model, {.max_batch_tokens = 8, .max_sequences = 1});
  for (RequestId id = 0; id < 5; ++id) engine.submit(id, greedy_request({1, 2}, 2));
  std::vector<RequestId> finished;
  while (!engine.idle()) {
    for (const Event& event : engine.step()) {
      if (event.finish) finished.push_back(event.request);
    }
  }
  EXPECT_EQ(finished, (std::vector<RequestId>{0, 1, 2, 3, 4}));
}

TEST(Engine, WhenTheCacheRunsOutTheYoungestMakesWay) {
  MockModel model;
  // Four blocks: both fit at first, but not both to their end.
  Engine engine(model, {.cache_tokens = 256, .max_batch_tokens = 100, .max_sequences = 2});
  engine.submit(1, greedy_request(long_prompt(60), 150));
  engine.submit(2, greedy_request(long_prompt(50), 150));
  bool made_way = false;
  std::map<RequestId, std::vector<std::int32_t>> tokens;
  std::vector<RequestId> finished;
  while (!engine.idle()) {
    for (const Event& event : engine.step()) {
      tokens[event.request].push_back(event.token->token);
      if (event.finish) finished.push_back(event.request);
    }
    made_way = made_way || (engine.running() == 1 && engine.waiting() == 1);
  }
  EXPECT_TRUE(made_way);
  EXPECT_EQ(finished, (std::vector<RequestId>{1, 2}));
  EXPECT_EQ(tokens[1], greedy(model, long_prompt(60), 150));
  EXPECT_EQ(tokens[2], greedy(model, long_prompt(50), 150));
}

TEST(Engine, WhoMadeWayComesBeforeWhoNeverRan) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 256, .max_batch_tokens = 100, .max_sequences = 2});
  engine.submit(1, greedy_request(long_prompt(60), 150));
  engine.submit(2, greedy_request(long_prompt(50), 150));
  engine.submit(3, greedy_request(long_prompt(190), 1));  // no room beside another
  std::vector<RequestId> finished;
  while (!engine.idle()) {
    for (const Event& event : engine.step()) {
      if (event.finish) finished.push_back(event.request);
    }
  }
  EXPECT_EQ(finished, (std::vector<RequestId>{1, 2, 3}));
}

TEST(Engine, KeepsABlockToSpareForWhoRuns) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 256, .max_batch_tokens = 200, .max_sequences = 2});
  engine.submit(1, greedy_request(long_prompt(64), 10));   // one block, and soon two
  engine.submit(2, greedy_request(long_prompt(190), 10));  // the three others
  engine.step();
  EXPECT_EQ(engine.running(), 1);
  EXPECT_EQ(run(engine).at(2).tokens, greedy(model, long_prompt(190), 10));
}

TEST(Engine, AThrowingModelEndsItsBatchOnly) {
  MockModel model;
  Engine engine(model, {.cache_tokens = 640, .max_batch_tokens = 100, .max_sequences = 2});
  engine.submit(1, greedy_request({1}, 20));
  engine.submit(2, greedy_request({2}, 20));
  engine.submit(3, greedy_request({3}, 20));
  model.before = [&](auto, const auto&) {
    if (model.passes == 5) fail("the model broke");
  };
  std::map<RequestId, Result> results;
  for (int i = 0; i < 6; ++i) {
    for (Event& event : engine.step()) {
      results[event.request].finish = event.finish;
      if (event.token) results[event.request].tokens.push_back(event.token->token);
    }
  }
  for (const RequestId id : {1, 2}) {
    ASSERT_TRUE(results[id].finish);
    EXPECT_EQ(results[id].finish->reason, FinishReason::error);
    EXPECT_EQ(results[id].finish->error, "the model broke");
    EXPECT_EQ(results[id].finish->output_tokens, 5);
  }
  EXPECT_EQ(engine.free_blocks(), 10);
  model.before = nullptr;
  EXPECT_EQ(run(engine).at(3).tokens, greedy(model, {3}, 20));
}

TEST(Engine, BadLogitsEndTheirRequestOnly) {
  MockModel model;
  Engine engine(model, {});
  engine.submit(1, greedy_request({1}, 20));
  engine.submit(2, greedy_request({2}, 20));
  model.after = [&](View logits) {
    if (model.passes == 4) logits.row(0)[9] = NAN;
  };
  const auto results = run(engine);
  EXPECT_EQ(results.at(1).finish->reason, FinishReason::error);
  EXPECT_THAT(results.at(1).finish->error, HasSubstr("token 9 is nan"));
  EXPECT_EQ(results.at(1).tokens.size(), 3U);
  EXPECT_EQ(results.at(2).tokens, greedy(model, {2}, 20));
}

TEST(Engine, AThrowingTokenBytesEndsItsRequestOnly) {
  MockModel model;
  const auto expected = greedy(model, {1}, 20);
  Engine engine(model, {.token_bytes = [&](std::int32_t token) {
                  if (token == expected[2]) fail("no text for token {}", token);
                  return letter(token);
                }});
  engine.submit(1, greedy_request({1}, 20));
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.finish->reason, FinishReason::error);
  EXPECT_THAT(result.finish->error, HasSubstr("no text for token"));
}

TEST(Engine, ReportsLogprobsWhenAsked) {
  MockModel model;
  Engine engine(model, {});
  Request request = greedy_request({1}, 3);
  request.logprobs = 4;
  engine.submit(1, request);
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.samples.size(), 3U);
  for (const Sample& sample : result.samples) {
    ASSERT_EQ(sample.top.size(), 4U);
    EXPECT_EQ(sample.top[0].token, sample.token);
    EXPECT_EQ(sample.top[0].logprob, sample.logprob);
    EXPECT_LT(sample.logprob, 0);
  }
}

TEST(Engine, SamplesBySeedAndPosition) {
  MockModel model;
  Engine engine(model, {});
  Request request{.prompt = {3, 1, 4}, .max_tokens = 20};
  request.sampling.seed = 9;
  request.sampling.repetition_penalty = 1.8F;
  engine.submit(1, request);
  std::vector<std::int32_t> tokens = request.prompt;
  TokenHistory history;
  history.add_prompt(tokens);
  Sampler sampler;
  for (std::int64_t position = 3; position < 23; ++position) {
    const Sample sample = sampler.sample(model.logits_after(tokens), request.sampling, history,
                                         position, std::nullopt);
    tokens.push_back(sample.token);
    history.add_output(sample.token);
  }
  EXPECT_EQ(run(engine).at(1).tokens, std::vector<std::int32_t>(tokens.begin() + 3, tokens.end()));
}

TEST(Engine, RepetitionPenaltyCountsThePrompt) {
  MockModel model;
  Engine engine(model, {});
  std::vector<std::int32_t> prompt(52);
  std::iota(prompt.begin(), prompt.end(), 0);  // all tokens but the last
  Request request = greedy_request(prompt, 1);
  request.sampling.repetition_penalty = 100;
  request.sampling.logit_bias = {{52, 5.0F}};  // which is positive now, as others are
  engine.submit(1, request);
  EXPECT_EQ(run(engine).at(1).tokens[0], 52);
}

TEST(Engine, PresencePenaltyCountsTheOutput) {
  MockModel model;
  Engine engine(model, {});
  Request request = greedy_request({1, 2}, 30);
  request.sampling.presence_penalty = 100;  // never the same token twice
  engine.submit(1, request);
  std::vector<std::int32_t> tokens = run(engine).at(1).tokens;
  std::sort(tokens.begin(), tokens.end());
  EXPECT_EQ(std::adjacent_find(tokens.begin(), tokens.end()), tokens.end());
}

TEST(Engine, AnAnswerCutAndContinuedIsTheSame) {
  MockModel model;
  Request request{.prompt = {3, 1, 4}, .max_tokens = 20};
  request.sampling.seed = 9;
  Engine engine(model, {});
  engine.submit(1, request);
  const auto whole = run(engine).at(1).tokens;
  request.prompt.insert(request.prompt.end(), whole.begin(), whole.begin() + 8);
  request.max_tokens = 12;
  engine.submit(2, request);
  EXPECT_EQ(run(engine).at(2).tokens, std::vector<std::int32_t>(whole.begin() + 8, whole.end()));
}

}  // namespace
}  // namespace frugal::engine

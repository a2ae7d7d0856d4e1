// Drafts out of the text so far, and the engine that checks them.
#include "engine/prompt_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/engine_support.h"

namespace frugal::engine {
namespace {

using ::testing::ElementsAre;
using testing::greedy;
using testing::greedy_request;
using ::testing::IsEmpty;
using testing::long_prompt;
using testing::MockModel;
using testing::Result;
using testing::run;
using Tokens = std::vector<std::int32_t>;

TEST(PromptLookup, GivesWhatFollowedTheSameTokensBefore) {
  EXPECT_THAT(look_up(Tokens{1, 2, 3, 4, 5, 9, 1, 2, 3}, 2), ElementsAre(4, 5));
  EXPECT_THAT(look_up(Tokens{7, 2, 3, 4, 5, 9, 1, 2, 3}, 2), ElementsAre(4, 5));
  EXPECT_THAT(look_up(Tokens{7, 8, 3, 4, 5, 9, 1, 2, 3}, 2), IsEmpty());
}

TEST(PromptLookup, PrefersThreeTokensToTwoAndLateToEarly) {
  EXPECT_THAT(look_up(Tokens{1, 2, 3, 4, 2, 3, 5, 1, 2, 3}, 1), ElementsAre(4));
  EXPECT_THAT(look_up(Tokens{1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3}, 1), ElementsAre(5));
}

TEST(PromptLookup, GoesOnWithTheDraftWhereTheTextEnds) {
  EXPECT_THAT(look_up(Tokens{1, 2, 1, 2, 1, 2}, 5), ElementsAre(1, 2, 1, 2, 1));
  EXPECT_THAT(look_up(Tokens{3, 3, 3, 3}, 3), ElementsAre(3, 3, 3));
}

TEST(PromptLookup, ShortTextsHaveNoEarlierPlace) {
  EXPECT_THAT(look_up(Tokens{}, 4), IsEmpty());
  EXPECT_THAT(look_up(Tokens{1}, 4), IsEmpty());
  EXPECT_THAT(look_up(Tokens{1, 1}, 4), IsEmpty());
  EXPECT_THAT(look_up(Tokens{1, 1, 1}, 1), ElementsAre(1));
}

/// Counts in a circle of `length`: after token t comes t + 1.
class CountingModel : public models::LanguageModel {
 public:
  explicit CountingModel(std::int32_t length) : length_(length) {}
  std::int64_t vocab_size() const override { return 50; }
  std::int64_t max_positions() const override { return 1000; }
  std::int64_t cache_block_bytes() const override { return 64; }
  void forward(std::span<const std::int32_t> tokens, const ops::SequenceLayout&, std::byte*,
               std::span<const std::int64_t> logit_rows, View logits) override {
    ++passes;
    for (std::size_t i = 0; i < logit_rows.size(); ++i) {
      float* row = logits.row(static_cast<std::int64_t>(i));
      std::fill_n(row, logits.cols, 0.0F);
      row[(tokens[static_cast<std::size_t>(logit_rows[i])] + 1) % length_] = 10;
    }
  }
  std::int64_t passes = 0;

 private:
  std::int32_t length_;
};

Tokens counted(std::int32_t from, std::int32_t length, std::size_t count) {
  Tokens tokens;
  for (std::size_t i = 0; i < count; ++i) {
    tokens.push_back((from + static_cast<std::int32_t>(i)) % length);
  }
  return tokens;
}

TEST(Drafts, SaveMostPassesWhereTextRepeats) {
  CountingModel model(7);
  Engine engine(model, {.cache_tokens = 512, .draft_tokens = 8});
  engine.submit(1, greedy_request(counted(0, 7, 20), 200));
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.tokens, counted(20, 7, 200));
  EXPECT_EQ(result.finish->accepted_tokens, result.finish->drafted_tokens);
  EXPECT_LE(model.passes, 1 + 200 / 9 + 2);
  // Every pass gives one token that was not drafted.
  EXPECT_EQ(result.finish->accepted_tokens + model.passes, 200);
}

TEST(Drafts, EndWhereTheAnswerEnds) {
  for (const std::int64_t limit : {1, 2, 9, 10, 11}) {
    CountingModel model(7);
    Engine engine(model, {.cache_tokens = 512, .draft_tokens = 8});
    engine.submit(1, greedy_request(counted(0, 7, 20), limit));
    EXPECT_EQ(std::ssize(run(engine).at(1).tokens), limit);
  }
  CountingModel model(7);
  Engine engine(model, {.cache_tokens = 512, .draft_tokens = 8});
  Request request = greedy_request(counted(0, 7, 20), 100);
  request.stop_tokens = {4};  // the sixth of the output: in the midst of a draft
  engine.submit(1, request);
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.tokens, counted(20, 7, 6));
  EXPECT_EQ(result.finish->stop_token, 4);
}

TEST(Drafts, AreForgottenWhenTheyAreWrong) {
  MockModel model(3);  // so few tokens that every end has been there before
  Engine plain(model, {.cache_tokens = 1024});
  Engine drafting(model, {.cache_tokens = 1024, .draft_tokens = 5});
  Tokens prompt = long_prompt(100);
  for (std::int32_t& token : prompt) token %= 3;
  plain.submit(1, greedy_request(prompt, 300));
  drafting.submit(1, greedy_request(prompt, 300));
  const Result wanted = run(plain).at(1);
  const Result got = run(drafting).at(1);
  EXPECT_EQ(got.tokens, wanted.tokens);
  EXPECT_GT(got.finish->accepted_tokens, 0);
  EXPECT_LT(got.finish->accepted_tokens, got.finish->drafted_tokens);
}

TEST(Drafts, SampleAsWithoutThem) {
  MockModel model(3);
  Tokens drafts;
  for (const std::int64_t draft_tokens : {0, 6}) {
    Engine engine(model, {.cache_tokens = 1024, .draft_tokens = draft_tokens});
    Request request = greedy_request({0, 1, 2, 0, 1, 2, 0, 1}, 200);
    request.sampling = {.temperature = 0.8F, .presence_penalty = 0.5F, .seed = 9};
    engine.submit(1, request);
    const Tokens tokens = run(engine).at(1).tokens;
    if (draft_tokens == 0) drafts = tokens;
    EXPECT_EQ(tokens, drafts);
  }
}

TEST(Drafts, TooManyAreRefused) {
  MockModel model;
  EXPECT_THROW(Engine(model, {.draft_tokens = 65}), Error);
  EXPECT_THROW(Engine(model, {.draft_tokens = -1}), Error);
}

}  // namespace
}  // namespace frugal::engine

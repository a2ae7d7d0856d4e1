#include "engine/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "engine/mock_model.h"

namespace frugal::engine {
namespace {

using testing::MockModel;

std::vector<std::int32_t> random_tokens(std::size_t count, std::int64_t vocab) {
  Rng rng(5);
  std::vector<std::int32_t> tokens;
  while (tokens.size() < count) {
    tokens.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocab))));
  }
  return tokens;
}

// From the definition, one token at a time, without a cache.
double naive_logprob(const MockModel& model, std::span<const std::int32_t> before,
                     std::int32_t token) {
  long double sum = 0;
  const std::vector<float> logits = model.logits_after(before);
  for (const float logit : logits) sum += std::exp(static_cast<long double>(logit));
  return static_cast<double>(logits[static_cast<std::size_t>(token)] - std::log(sum));
}

TEST(Score, EqualsTheDefinitionInChunks) {
  MockModel model(31, 2000);
  const auto tokens = random_tokens(1300, 31);  // more than one chunk of rows
  const std::vector<double> logprobs = score(model, tokens);
  ASSERT_EQ(logprobs.size(), tokens.size() - 1);
  EXPECT_GT(model.passes, 1);
  for (std::size_t i = 0; i < logprobs.size(); ++i) {
    const auto before = std::span(tokens).first(i + 1);
    ASSERT_NEAR(logprobs[i], naive_logprob(model, before, tokens[i + 1]), 1e-6) << i;
  }
}

TEST(Score, RefusesWhatItCannotScore) {
  MockModel model(31, 100);
  EXPECT_THROW(score(model, random_tokens(1, 31)), Error);
  EXPECT_THROW(score(model, random_tokens(101, 31)), Error);
  EXPECT_NO_THROW(score(model, random_tokens(100, 31)));
  EXPECT_THROW(score(model, std::vector<std::int32_t>{1, 31}), Error);
  model.after = [](View logits) { logits.data[3] = NAN; };
  try {
    score(model, random_tokens(10, 31));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("token 3 is nan"));
  }
}

TEST(Perplexity, StartsEachWindowAfresh) {
  MockModel model(31, 100);
  const auto tokens = random_tokens(70 + 70 + 20, 31);
  double sum = 0;
  int predicted = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t window = i / 70 * 70;
    if (i == window) continue;
    sum -= naive_logprob(model, std::span(tokens).subspan(window, i - window), tokens[i]);
    ++predicted;
  }
  std::vector<std::int64_t> progress;
  const Perplexity result =
      perplexity(model, tokens, 70, [&](std::int64_t done) { progress.push_back(done); });
  EXPECT_EQ(result.predicted, predicted);
  EXPECT_NEAR(result.mean_nll, sum / predicted, 1e-6);
  EXPECT_NEAR(result.value, std::exp(sum / predicted), 1e-4);
  EXPECT_EQ(progress, (std::vector<std::int64_t>{70, 140, 160}));
}

TEST(Perplexity, ALastWindowOfOneTokenPredictsNothing) {
  MockModel model(31, 100);
  EXPECT_EQ(perplexity(model, random_tokens(21, 31), 10).predicted, 18);
}

TEST(Perplexity, RefusesImpossibleContexts) {
  MockModel model(31, 100);
  EXPECT_THROW(perplexity(model, random_tokens(20, 31), 101), Error);
  EXPECT_THROW(perplexity(model, random_tokens(20, 31), 1), Error);
  EXPECT_THROW(perplexity(model, random_tokens(1, 31), 10), Error);
}

}  // namespace
}  // namespace frugal::engine

#include "train/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "base/error.h"

namespace frugal::train {
namespace {

using ::testing::ElementsAre;

constexpr std::int32_t kEnd = 1000;

TokenList counting(std::int32_t n) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(n));
  std::iota(tokens.begin(), tokens.end(), 0);
  return TokenList(tokens);
}

TEST(Windows, TargetsAreTheNextTokensAndAPassSeesEveryWindowOnce) {
  const TokenList stream = counting(100);
  WindowOptions options;
  options.length = 8;
  options.end_token = kEnd;
  Windows windows(stream, options);
  EXPECT_EQ(windows.per_pass(), 11);
  std::set<std::int32_t> first_tokens;
  for (std::int64_t i = 0; i < 11; ++i) {
    Batch batch;
    windows.append(i, batch);
    ASSERT_EQ(batch.layout.segments.size(), 1U);
    for (std::size_t t = 0; t < 8; ++t) EXPECT_EQ(batch.targets[t], batch.tokens[t] + 1);
    first_tokens.insert(batch.tokens[0]);
  }
  EXPECT_EQ(first_tokens.size(), 11U);
  EXPECT_EQ(*first_tokens.rbegin() - *first_tokens.begin(), 80);
}

TEST(Windows, AWindowDependsOnItsNumberAlone) {
  const TokenList stream = counting(500);
  WindowOptions options;
  options.length = 16;
  Windows in_order(stream, options);
  Windows backwards(stream, options);
  std::vector<Batch> expected(70);
  for (std::int64_t i = 0; i < 70; ++i) in_order.append(i, expected[static_cast<std::size_t>(i)]);
  for (std::int64_t i = 69; i >= 0; --i) {
    Batch batch;
    backwards.append(i, batch);
    EXPECT_EQ(batch.tokens, expected[static_cast<std::size_t>(i)].tokens) << i;
  }
  const auto per_pass = static_cast<std::size_t>(in_order.per_pass());
  EXPECT_NE(expected[0].tokens, expected[per_pass].tokens) << "the second pass repeats the first";
}

TEST(Windows, NoBatchHasMoreRowsThanItMay) {
  const TokenList stream = counting(100);
  WindowOptions options;
  options.length = 8;
  Windows windows(stream, options);
  std::vector<Batch> batches;
  for (std::int64_t i = 0; i < 11; ++i) windows.append(i, 30, batches);
  std::vector<std::int64_t> rows;
  for (const Batch& batch : batches) rows.push_back(batch.layout.rows);
  EXPECT_THAT(rows, ElementsAre(24, 24, 24, 16));
  batches.clear();
  for (std::int64_t i = 0; i < 2; ++i) windows.append(i, 4, batches);
  EXPECT_EQ(batches.size(), 2U) << "a window that is too long stands alone";
}

TEST(Windows, AMaskMakesDocumentsSequencesOfTheirOwn) {
  const TokenList stream({1, 2, kEnd, 3, kEnd, 4, 5, 6, 7});
  WindowOptions options;
  options.length = 8;
  options.end_token = kEnd;
  options.shuffle = false;
  options.mask_samples = true;
  Windows windows(stream, options);
  Batch batch;
  windows.append(0, batch);
  EXPECT_THAT(batch.targets, ElementsAre(2, kEnd, -1, kEnd, -1, 5, 6, 7));
  ASSERT_EQ(batch.layout.segments.size(), 3U);
  EXPECT_EQ(batch.layout.segments[1].row, 3);
  EXPECT_EQ(batch.layout.segments[1].rows, 2);
  EXPECT_EQ(batch.layout.segments[2].rows, 3);
  EXPECT_EQ(batch.layout.rows, 8);
}

TEST(Windows, FillInTheMiddleKeepsEveryTokenOfADocument) {
  const std::vector<std::int32_t> document = {10, 11, 12, 13, 14};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const auto turned = fill_in_the_middle(document, {1, 2, 3}, rng);
    const auto hole = std::ranges::find(turned, 2);
    const auto end = std::ranges::find(turned, 3);
    ASSERT_EQ(turned.front(), 1);
    ASSERT_LT(hole, end);
    std::vector<std::int32_t> original(turned.begin() + 1, hole);  // prefix
    original.insert(original.end(), end + 1, turned.end());        // middle
    original.insert(original.end(), hole + 1, end);                // suffix
    EXPECT_EQ(original, document);
  }
}

TEST(Windows, RearrangedDocumentsStayApart) {
  std::vector<std::int32_t> tokens;
  for (int i = 0; i < 40; ++i) tokens.insert(tokens.end(), {10, 11, 12, 13, kEnd});
  const TokenList stream(tokens);
  WindowOptions options;
  options.length = 64;
  options.end_token = kEnd;
  options.fim_share = 1;
  options.fim = FimTokens{1, 2, 3};
  Batch batch;
  Windows(stream, options).append(0, batch);
  int documents = 0;
  for (std::size_t t = 1; t < batch.tokens.size(); ++t) {
    if (batch.tokens[t] != 1) continue;
    EXPECT_EQ(batch.tokens[t - 1], kEnd) << "before token " << t;
    ++documents;
  }
  EXPECT_GE(documents, 6);  // of at most 8 tokens each
}

TEST(Windows, TooLittleTextIsAnError) {
  const TokenList stream = counting(10);
  WindowOptions options;
  options.length = 16;
  EXPECT_THROW(Windows(stream, options), Error);
  options.length = 2;
  options.fim_share = 0.5;
  EXPECT_THROW(Windows(stream, options), Error) << "without the tokens that mark the parts";
}

}  // namespace
}  // namespace frugal::train

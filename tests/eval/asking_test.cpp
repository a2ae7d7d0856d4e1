// Many questions at once, but never all of a long list.
#include "eval/asking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "text/bpe_trainer.h"

namespace frugal::eval {
namespace {

constexpr std::int32_t kEnd = 0;

// Has nothing to say.
class Silent : public models::LanguageModel {
 public:
  std::int64_t vocab_size() const override { return 257; }
  std::int64_t max_positions() const override { return 4096; }
  std::int64_t cache_block_bytes() const override { return 64; }
  void forward(std::span<const std::int32_t>, const ops::SequenceLayout&, std::byte*,
               std::span<const std::int64_t>, View logits) override {
    std::ranges::fill(logits.span(), 0.0F);
    for (std::int64_t i = 0; i < logits.rows; ++i) logits.row(i)[kEnd] = 100;
  }
};

TEST(Ask, QuestionsWaitOutsideOfAFullEngine) {
  const text::BpeTrainer bytes({.vocab_size = 257, .special_tokens = {"<end>"}});
  const auto tokenizer = text::Tokenizer::from_json(bytes.train().dump(), "bytes");
  const Asker asker{tokenizer, {std::nullopt, true, tasks::ThinkMode::open}, {kEnd}};
  std::vector<tasks::Question> questions;
  for (int i = 0; i < 300; ++i) {
    questions.push_back({std::to_string(i), "1+1", "2", "", "en", tasks::Check::value});
  }
  constexpr std::int64_t kSamples = 60;  // 18000 requests
  Silent model;
  engine::Engine engine(model, engine_options(512, 1024));
  std::int64_t most = 0;
  std::set<std::int64_t> answered;
  ask(
      engine, asker, questions, kSamples, {.sampling = {}},
      [&](const QuestionAnswers& answers) {
        EXPECT_TRUE(answered.insert(answers.index).second) << answers.index << " is answered twice";
        ASSERT_EQ(std::ssize(answers.samples), kSamples);
        EXPECT_EQ(answers.samples.back().tokens.size(), 1U);
        EXPECT_FALSE(answers.samples.back().truncated);
      },
      [&] {
        most = std::max(most, engine.waiting() + engine.running());
        return false;
      });
  EXPECT_EQ(answered.size(), questions.size());
  EXPECT_GT(most, 8000);
  EXPECT_LE(most, 8192);
}

TEST(Ask, StopsWhenItIsToldTo) {
  const text::BpeTrainer bytes({.vocab_size = 257, .special_tokens = {"<end>"}});
  const auto tokenizer = text::Tokenizer::from_json(bytes.train().dump(), "bytes");
  const Asker asker{tokenizer, {std::nullopt, true, tasks::ThinkMode::open}, {kEnd}};
  const std::vector<tasks::Question> questions(3);
  Silent model;
  engine::Engine engine(model, engine_options(4, 1024));
  ask(
      engine, asker, questions, 2, {.sampling = {}}, [](const QuestionAnswers&) { FAIL(); },
      [] { return true; });
  EXPECT_TRUE(engine.idle());
}

}  // namespace
}  // namespace frugal::eval

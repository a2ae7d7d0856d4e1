// Drafts of a model that predicts further, as models with a multi-token layer do.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/cpu.h"
#include "base/threads.h"
#include "engine/engine_support.h"
#include "models/transformer.h"
#include "support/data.h"

namespace frugal::engine {
namespace {

using testing::greedy;
using testing::greedy_request;
using testing::long_prompt;
using testing::MockModel;
using testing::Result;
using testing::run;

/// A mock that drafts what it will say itself, but for every `wrong`th position. It reads what it
/// needs to know from what it was told, so that a wrong row, token or position shows.
class FurtherModel : public MockModel {
 public:
  explicit FurtherModel(std::int64_t wrong) : wrong_(wrong) {}

  bool predicts_further() const override { return true; }

  void forward(std::span<const std::int32_t> tokens, const ops::SequenceLayout& layout,
               std::byte* cache, std::span<const std::int64_t> logit_rows, View logits) override {
    MockModel::forward(tokens, layout, cache, logit_rows, logits);
    last_tokens_.assign(tokens.begin(), tokens.end());
  }

  void forward_further(std::span<const std::int64_t> kept,
                       std::span<const std::int32_t> next_tokens, const ops::SequenceLayout& layout,
                       std::byte*, std::span<const std::int64_t> logit_rows, View logits) override {
    std::size_t drafted = 0;
    for (const ops::Segment& segment : layout.segments) {
      EXPECT_GT(segment.rows, 0);
      told += segment.rows;
      for (std::int64_t i = segment.row; i < segment.row + segment.rows; ++i) {
        const auto position = static_cast<std::size_t>(segment.position + i - segment.row);
        // One sequence at a time in these tests: its tokens, as this pass tells them.
        seen_.resize(std::max(seen_.size(), position + 2));
        seen_.at(position) =
            last_tokens_.at(static_cast<std::size_t>(kept[static_cast<std::size_t>(i)]));
        seen_.at(position + 1) = next_tokens[static_cast<std::size_t>(i)];
        if (drafted == logit_rows.size() || logit_rows[drafted] != i) continue;
        const auto wanted = logits_after(std::span(seen_).first(position + 2));
        std::ranges::copy(wanted, logits.row(static_cast<std::int64_t>(drafted)));
        if (position % static_cast<std::size_t>(wrong_) == 0) {
          float* row = logits.row(static_cast<std::int64_t>(drafted));
          std::rotate(row, row + 1, row + logits.cols);
        }
        ++drafted;
      }
    }
    EXPECT_EQ(drafted, logit_rows.size());
  }

  std::int64_t told = 0;  // rows with the token after them

 private:
  std::int64_t wrong_;
  std::vector<std::int32_t> last_tokens_;
  std::vector<std::int32_t> seen_;
};

TEST(Mtp, AlmostHalvesThePassesWhenItIsRight) {
  FurtherModel model(1000);
  Engine engine(model, {.cache_tokens = 512, .max_batch_tokens = 50, .draft_tokens = 1});
  const auto prompt = long_prompt(130);
  engine.submit(1, greedy_request(prompt, 100));
  const Result result = run(engine).at(1);
  EXPECT_EQ(result.tokens, greedy(model, prompt, 100));
  EXPECT_EQ(result.finish->accepted_tokens, result.finish->drafted_tokens);
  EXPECT_LE(model.passes, 3 + 100 / 2 + 1);
}

TEST(Mtp, LosesNothingButTimeWhenItIsWrong) {
  for (const std::int64_t wrong :
       {1, 3, 5}) {  // right drafts stand two apart: odd, to meet wrong ones
    FurtherModel model(wrong);
    Engine engine(model, {.cache_tokens = 512, .max_batch_tokens = 50, .draft_tokens = 4});
    const auto prompt = long_prompt(70);
    engine.submit(1, greedy_request(prompt, 90));
    const Result result = run(engine).at(1);
    EXPECT_EQ(result.tokens, greedy(model, prompt, 90)) << wrong;
    EXPECT_LT(result.finish->accepted_tokens, result.finish->drafted_tokens);
  }
}

// When sampling fails there is no token after the last row.
TEST(Mtp, AfterASampleThatFailsOnlyKnownTokensAreTold) {
  for (const std::int32_t length : {1, 70}) {
    FurtherModel model(1000);
    Engine engine(model, {.cache_tokens = 512, .max_batch_tokens = 50, .draft_tokens = 1});
    model.after = [](View logits) {
      if (logits.rows > 0) logits.row(0)[3] = std::numeric_limits<float>::quiet_NaN();
    };
    engine.submit(1, greedy_request(long_prompt(length), 5));
    EXPECT_EQ(run(engine).at(1).finish->reason, FinishReason::error);
    EXPECT_EQ(model.told, length - 1);
    model.after = nullptr;
    engine.submit(2, greedy_request(long_prompt(length), 5));
    EXPECT_EQ(run(engine).at(2).tokens, greedy(model, long_prompt(length), 5));
  }
}

// The tiny model drafts badly, being random; its answers stay the same all the same.
TEST(Mtp, ARealModelAnswersAsWithoutIt) {
  ThreadPool threads(2);
  const auto path = ::frugal::testing::golden("models/deepseek_v3_mtp");
  std::vector<std::vector<std::int32_t>> answers[2];
  for (const std::int64_t drafts : {0, 1}) {
    models::Transformer model(models::load_model(path), {threads, chosen_isa()},
                              {.cache_mtp = drafts > 0});
    model.pack();
    Engine engine(model, {.cache_tokens = 1024, .max_batch_tokens = 40, .draft_tokens = drafts});
    for (RequestId id = 0; id < 3; ++id) {
      engine.submit(id, greedy_request(long_prompt(20 + 30 * static_cast<std::int32_t>(id)), 40));
    }
    for (const auto& [id, result] : run(engine)) {
      answers[drafts].push_back(result.tokens);
      EXPECT_EQ(result.finish->drafted_tokens > 0, drafts > 0);
    }
  }
  EXPECT_EQ(answers[0], answers[1]);
}

}  // namespace
}  // namespace frugal::engine

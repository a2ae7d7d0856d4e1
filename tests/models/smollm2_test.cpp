// A real model, SmolLM2-135M-Instruct in Q4_1, against transformers with the dequantised weights
// (tools/golden/make_smollm2_perplexity.py).
#include <gtest/gtest.h>

#include <algorithm>

#include "base/cpu.h"
#include "base/json.h"
#include "models/golden_model.h"
#include "models/pack.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using testing::run_at_once;

class SmolLm2 : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = frugal::testing::fetched("smollm2.gguf");
    if (!path) GTEST_SKIP() << "build-data/smollm2.gguf was not fetched (tools/get_smollm2.sh)";
    files_ = load_model(*path);
    golden_ = read_json_file(frugal::testing::golden("smollm2.json"));
  }

  Transformer model() { return {files_, {threads_, best_isa()}}; }

  ThreadPool threads_{2};
  ModelFiles files_;
  Json golden_;
};

TEST_F(SmolLm2, LogitsAgreeWithTransformers) {
  Transformer model = this->model();
  for (const Json& sentence : golden_["last_logits"]) {
    const auto ids = sentence["ids"].get<std::vector<std::int32_t>>();
    const Tensor logits = run_at_once(model, ids);
    const float* last = logits.row(logits.rows() - 1);
    const double tolerance = 1e-5 * sentence["norm"].get<double>();
    for (std::size_t i = 0; i < sentence["top_ids"].size(); ++i) {
      EXPECT_NEAR(last[sentence["top_ids"][i].get<std::size_t>()],
                  sentence["top_logits"][i].get<double>(), tolerance)
          << sentence["text"] << ", number " << i;
    }
  }
}

// Given the answer so far, the next token is the one that transformers chose, wherever its lead
// over the next best is larger than what activations of eight bits may cost.
TEST_F(SmolLm2, AsServedItAnswersAsTransformersDoes) {
  pack_weights(files_, threads_);
  Transformer model = this->model();
  std::size_t compared = 0;
  for (const Json& generation : golden_["generations"]) {
    auto tokens = generation["prompt_ids"].get<std::vector<std::int32_t>>();
    const std::size_t begin = tokens.size() - 1;
    const auto answer = generation["ids"].get<std::vector<std::int32_t>>();
    tokens.insert(tokens.end(), answer.begin(), answer.end() - 1);
    const Tensor logits = run_at_once(model, tokens);
    for (std::size_t i = 0; i < answer.size(); ++i) {
      if (generation["gaps"][i].get<double>() < 0.5) continue;
      const float* row = logits.row(static_cast<std::int64_t>(begin + i));
      EXPECT_EQ(std::max_element(row, row + logits.cols()) - row, answer[i])
          << generation["question"] << ", token " << i;
      ++compared;
    }
  }
  EXPECT_GT(compared, 50U);
}

}  // namespace
}  // namespace frugal::models

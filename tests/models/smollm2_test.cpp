// A real model, SmolLM2-135M-Instruct in Q4_1, against transformers with the dequantised weights
// (tools/golden/make_smollm2_perplexity.py).
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/cpu.h"
#include "base/json.h"
#include "models/golden_model.h"
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
  Transformer model = this->model();
  model.pack();
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

// Mean over rows of the Kullback-Leibler divergence of the distributions of `got` from those of
// `exact`, in nats; both [T, vocab_size] logits.
double mean_divergence(const Tensor& exact, const Tensor& got) {
  double total = 0;
  for (std::int64_t t = 0; t < exact.rows(); ++t) {
    const auto log_sum = [&](const float* row) {
      const double top = *std::max_element(row, row + exact.cols());
      double sum = 0;
      for (std::int64_t i = 0; i < exact.cols(); ++i) sum += std::exp(row[i] - top);
      return top + std::log(sum);
    };
    const double p_log_sum = log_sum(exact.row(t));
    const double q_log_sum = log_sum(got.row(t));
    for (std::int64_t i = 0; i < exact.cols(); ++i) {
      const double log_p = exact.row(t)[i] - p_log_sum;
      total += std::exp(log_p) * (log_p - (got.row(t)[i] - q_log_sum));
    }
  }
  return total / static_cast<double>(exact.rows());
}

TEST_F(SmolLm2, AsServedItIsAtLeastAsTrueToTheWeightsAsLlamaCppIs) {
  const Json golden = read_json_file(frugal::testing::golden("smollm2_divergence.json"));
  const auto tokens = golden["ids"].get<std::vector<std::int32_t>>();
  Transformer exact = model();  // agrees with transformers in float32, see above
  const Tensor wanted = run_at_once(exact, tokens);
  Transformer served = model();
  served.pack();
  const double divergence = mean_divergence(wanted, run_at_once(served, tokens));
  RecordProperty("divergence", fmt::format("{:.6f}", divergence));
  EXPECT_LE(divergence, golden["mean_divergence"].get<double>());
}

}  // namespace
}  // namespace frugal::models

// SmolLM2-135M-Instruct through the engine, against transformers on the dequantised weights.
#include <gtest/gtest.h>

#include <optional>

#include "base/json.h"
#include "engine/generate.h"
#include "models/transformer.h"
#include "support/data.h"

namespace frugal::engine {
namespace {

using ::frugal::testing::fetched;
using ::frugal::testing::golden;

class SmolLM2 : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = fetched("smollm2.gguf");
    if (!path) GTEST_SKIP() << "smollm2.gguf was not fetched (tools/fetch_test_data.sh)";
    golden_ = read_json_file(golden("smollm2.json"));
    model_.emplace(models::load_model(*path), ops::Context{threads_, chosen_isa()});
  }

  ThreadPool threads_{1};
  Json golden_;
  std::optional<models::Transformer> model_;
};

TEST_F(SmolLM2, AnswersAsTransformersDoes) {
  Engine engine(*model_, {});
  std::vector<Request> requests;
  for (const Json& answer : golden_["generations"]) {
    Request request;
    request.prompt = answer["prompt_ids"].get<std::vector<std::int32_t>>();
    request.sampling.temperature = 0;
    request.max_tokens = std::ssize(answer["ids"]);
    requests.push_back(std::move(request));
  }
  const std::vector<Completion> completions = generate(engine, std::move(requests));
  for (std::size_t i = 0; i < completions.size(); ++i) {
    const Json& answer = golden_["generations"][i];
    std::vector<std::int32_t> tokens;
    for (const Sample& sample : completions[i].tokens) tokens.push_back(sample.token);
    EXPECT_EQ(tokens, answer["ids"].get<std::vector<std::int32_t>>()) << answer["question"];
  }
}

TEST_F(SmolLM2, ReportsTheLogprobsOfTransformers) {
  Engine engine(*model_, {});
  for (const Json& expected : golden_["last_logits"]) {
    Request request;
    request.prompt = expected["ids"].get<std::vector<std::int32_t>>();
    request.max_tokens = 1;
    request.logprobs = static_cast<int>(expected["top_ids"].size());
    const Sample sample = generate(engine, {request})[0].tokens.at(0);
    for (std::size_t i = 0; i < sample.top.size(); ++i) {
      EXPECT_EQ(sample.top[i].token, expected["top_ids"][i]) << expected["text"];
      EXPECT_NEAR(sample.top[i].logprob,
                  expected["top_logits"][i].get<double>() - expected["log_sum_exp"].get<double>(),
                  1e-3)
          << expected["text"];
    }
  }
}

}  // namespace
}  // namespace frugal::engine

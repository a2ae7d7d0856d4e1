// GRPO's loss, masked losses and adapters against PyTorch and PEFT (tools/golden).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/safetensors.h"
#include "models/lora.h"
#include "support/data.h"
#include "train/adapted_model.h"
#include "train/conversations.h"
#include "train/objective.h"
#include "train/policy_team.h"

namespace frugal::train {
namespace {

namespace fs = std::filesystem;

double norm(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

// |a - b| / |b|.
double difference(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return std::sqrt(sum) / (norm(b) + 1e-12);
}

class TuningGolden : public ::testing::Test {
 protected:
  struct Tensors {
    explicit Tensors(const fs::path& path)
        : file(path), list(formats::parse_safetensors(file.bytes(), path).tensors) {}
    template <typename T>
    std::span<const T> values(const std::string& name) const {
      const auto at = std::ranges::find(list, name, &formats::StoredTensor::name);
      EXPECT_NE(at, list.end()) << name;
      if (at == list.end()) return {};
      return {reinterpret_cast<const T*>(at->data.data()), at->data.size() / sizeof(T)};
    }
    MappedFile file;
    std::vector<formats::StoredTensor> list;
  };

  static void expect_gradients(TrainableModel& model, const Tensors& golden) {
    for (const TrainedParameter& p : model.parameters()) {
      const auto expected = golden.values<float>("gradient." + p.name);
      ASSERT_EQ(expected.size(), p.gradient.view().span().size()) << p.name;
      EXPECT_LT(difference(p.gradient.view().span(), expected), 2e-4) << p.name;
    }
  }

  const fs::path folder_ = frugal::testing::golden("tuning");
  const fs::path base_ = frugal::testing::golden("train") / "llama";
  ThreadPool threads_{2};
  ops::Context context_{threads_, best_isa()};
};

TEST_F(TuningGolden, PolicyLossAndEveryGradient) {
  const Json golden = read_json_file(folder_ / "policy.json");
  std::vector<Rollout> rollouts;
  for (const Json& r : golden.at("rollouts")) {
    rollouts.push_back({r.at("tokens").get<std::vector<std::int32_t>>(), r.at("prompt"),
                        r.at("old").get<std::vector<float>>(),
                        r.at("ref").get<std::vector<float>>(), r.at("advantage")});
  }
  TrainableModel model = TrainableModel::load(base_, context_);
  PolicyLearner learner(model.transformer(), context_);
  const PolicyOptions options{golden.at("epsilon"), golden.at("beta"), false};
  model.zero_gradients(context_);
  PolicySums sums;
  const auto parts = cut(rollouts, 40);
  EXPECT_GT(parts.size(), 1U);
  for (const auto part : parts) sums += learner.learn(part, std::ssize(rollouts), options);
  EXPECT_NEAR(sums.loss, golden.at("loss").get<double>(), 1e-5);
  EXPECT_NEAR(sums.kl, golden.at("kl").get<double>(), 1e-5);
  EXPECT_NEAR(sums.clipped, golden.at("clipped").get<double>(), 1e-6);
  expect_gradients(model, Tensors(folder_ / "policy.safetensors"));

  // A team of more members than rollouts, and of more threads than members.
  for (const int count : {1, 2, 9}) {
    ThreadPool threads(count);
    PolicyTeam team(model, {threads, context_.isa}, 80);
    const PolicySums shared = team.learn(rollouts, options);
    EXPECT_NEAR(shared.loss, sums.loss, 1e-6);
    EXPECT_NEAR(shared.clipped, sums.clipped, 1e-6);
    expect_gradients(model, Tensors(folder_ / "policy.safetensors"));
    std::vector<Rollout> filled = rollouts;
    for (Rollout& rollout : filled) rollout.ref_logprobs.clear();
    team.add_reference(filled);
    const auto reference = learner.logprobs(rollouts);
    for (std::size_t i = 0; i < filled.size(); ++i) {
      EXPECT_EQ(filled[i].ref_logprobs, reference[i]) << i;
    }
  }

  // What was sampled by this very policy differs from it by nothing.
  const auto now = learner.logprobs(rollouts);
  for (std::size_t i = 0; i < rollouts.size(); ++i) rollouts[i].old_logprobs = now[i];
  EXPECT_EQ(learner.learn(rollouts, std::ssize(rollouts), options).max_difference, 0);
}

// The sequences of masked.safetensors, packed.
Batch masked_batch(std::span<const std::int32_t> tokens, std::span<const std::int32_t> learned,
                   std::span<const std::int32_t> lengths) {
  Batch batch;
  std::size_t at = 0;
  for (const std::int32_t length : lengths) {
    Sample sample;
    for (std::int32_t i = 0; i < length; ++i, ++at) {
      sample.tokens.push_back(tokens[at]);
      sample.learned.push_back(learned[at] != 0);
    }
    append(sample, batch);
  }
  return batch;
}

TEST_F(TuningGolden, LossOfAnswersOnly) {
  const Tensors golden(folder_ / "masked.safetensors");
  const Batch batch =
      masked_batch(golden.values<std::int32_t>("tokens"), golden.values<std::int32_t>("learned"),
                   golden.values<std::int32_t>("lengths"));
  TrainableModel model = TrainableModel::load(base_, context_);
  Learner learner(model, context_);
  model.zero_gradients(context_);
  const LossCounts counts = count(batch, 0);
  const LossSums sums = learner.learn(batch, counts, {});
  EXPECT_NEAR(sums.nll / static_cast<double>(counts.rows), golden.values<float>("loss")[0], 1e-5);
  expect_gradients(model, golden);
}

TEST_F(TuningGolden, DivergenceFromATeacher) {
  const Tensors masked(folder_ / "masked.safetensors");
  const Batch batch =
      masked_batch(masked.values<std::int32_t>("tokens"), masked.values<std::int32_t>("learned"),
                   masked.values<std::int32_t>("lengths"));
  const Tensors golden(folder_ / "divergence.safetensors");
  const float expected = golden.values<float>("loss")[0];
  const auto rows = static_cast<double>(count(batch, 0).rows);
  TrainableModel model = TrainableModel::load(base_, context_);
  for (const bool packed : {false, true}) {  // laid out for serving
    models::Transformer teacher(models::load_model(frugal::testing::golden("train") / "qwen2"),
                                context_);
    if (packed) teacher.pack();
    const auto objective = make_divergence(model, teacher, context_);
    model.zero_gradients(context_);
    EXPECT_NEAR(objective->learn(batch, count(batch, 0).rows) / rows, expected, 1e-5);
    EXPECT_NEAR(objective->sum(batch) / rows, expected, 1e-5);
    expect_gradients(model, golden);
  }
  models::Transformer itself(models::load_model(base_), context_);
  EXPECT_NEAR(make_divergence(model, itself, context_)->sum(batch), 0, 1e-5);
}

Batch one_sequence(std::span<const std::int32_t> tokens) {
  Batch batch;
  Sample sample;
  sample.tokens.assign(tokens.begin(), tokens.end());
  sample.learned.assign(tokens.size(), true);
  append(sample, batch);
  return batch;
}

TEST_F(TuningGolden, PeftsAdapterLoadedMergedAndTrained) {
  const Tensors golden(folder_ / "adapted.safetensors");
  const auto tokens = golden.values<std::int32_t>("tokens");
  const auto expected = golden.values<float>("logits");
  for (const bool merged : {false, true}) {
    models::ModelFiles files = models::load_model(base_);
    models::load_adapter(files, folder_ / "adapter");
    if (merged) models::merge_adapters(files);
    models::Transformer model(std::move(files), context_);
    Tensor cache(1, model.cache_block_bytes());
    const std::vector<std::int32_t> blocks = {0};
    const auto count = std::ssize(tokens);
    const ops::SequenceLayout layout{{{0, count, 0, blocks}}, count};
    std::vector<std::int64_t> rows(tokens.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
    Tensor logits(count, model.vocab_size());
    model.forward(tokens, layout, reinterpret_cast<std::byte*>(cache.data()), rows, logits.view());
    EXPECT_LT(difference(logits.view().span(), expected), 1e-5) << "merged: " << merged;
  }

  models::LoraConfig config{3, 5, {"q_proj", "v_proj", "down_proj"}};
  TrainableModel model = TrainableModel::load_adapted(base_, context_, config, 1);
  EXPECT_EQ(model.parameters().size(), 12U);
  const Tensors adapter(folder_ / "adapter" / "adapter_model.safetensors");
  for (TrainedParameter& p : model.parameters()) {
    std::ranges::copy(adapter.values<float>(p.name), p.weight.tensor->data());
  }
  Learner learner(model, context_);
  const Batch batch = one_sequence(tokens);
  const LossCounts counts = count(batch, 0);
  model.zero_gradients(context_);
  const LossSums sums = learner.learn(batch, counts, {});
  EXPECT_NEAR(sums.nll / static_cast<double>(counts.rows), golden.values<float>("loss")[0], 1e-5);
  expect_gradients(model, golden);
}

TEST_F(TuningGolden, OptionsOfPeftThatChangeTheArithmeticAreErrors) {
  frugal::testing::TemporaryFolder copy;
  fs::copy(folder_ / "adapter", copy.path(), fs::copy_options::recursive);
  Json config = read_json_file(copy.path() / "adapter_config.json");
  config["use_dora"] = true;
  frugal::testing::write_file(copy.path() / "adapter_config.json", config.dump());
  models::ModelFiles files = models::load_model(base_);
  EXPECT_THROW(models::load_adapter(files, copy.path()), Error);
}

// A base of eight-bit blocks and the same base, decoded, are the same model with the same adapter.
TEST_F(TuningGolden, AQuantisedBaseStaysAsItIs) {
  const fs::path quantised = frugal::testing::golden("gguf") / "llama_q8_0.gguf";
  models::LoraConfig config{2, 4, {}};
  TrainableModel model = TrainableModel::load_adapted(quantised, context_, config, 1);
  TrainableModel plain = TrainableModel::load(quantised, context_);
  const std::vector<std::int32_t> tokens = {3, 1, 4, 1, 5, 9, 2, 6};
  const Batch batch = one_sequence(tokens);
  EXPECT_EQ(Learner(model, context_).nll(batch), Learner(plain, context_).nll(batch));
  model.zero_gradients(context_);
  Learner(model, context_).learn(batch, count(batch, 0), {});
  double size = 0;
  for (const TrainedParameter& p : model.parameters()) size += norm(p.gradient.view().span());
  EXPECT_GT(size, 0);
}

TEST(Advantages, GroupsThatDoNotDifferTeachNothing) {
  EXPECT_EQ(group_advantages(std::vector<double>{1, 1, 1}), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(group_advantages(std::vector<double>{0.1, 0.1, 0.1}), (std::vector<double>{0, 0, 0}));
  const auto a = group_advantages(std::vector<double>{0, 1, 1, 0});
  EXPECT_EQ(a, (std::vector<double>{-1, 1, 1, -1}));
}

TEST(Advantages, RewardsThatAreNoNumbersHaveNoPart) {
  const auto a = group_advantages(std::vector<double>{0, std::nan(""), 1, HUGE_VAL});
  EXPECT_EQ(a, (std::vector<double>{-1, 0, 1, 0}));
  EXPECT_EQ(group_advantages(std::vector<double>{std::nan("")}), (std::vector<double>{0}));
}

}  // namespace
}  // namespace frugal::train

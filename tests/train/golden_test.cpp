// Loss, gradients and ten optimizer steps against PyTorch (tests/golden/train/README.md).
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/safetensors.h"
#include "support/data.h"
#include "train/adamw.h"
#include "train/bias_update.h"
#include "train/loss.h"

namespace frugal::train {
namespace {

class Golden : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = frugal::testing::golden("train") / GetParam();
    file_ = std::make_unique<MappedFile>(folder_ / "train.safetensors");
    tensors_ = formats::parse_safetensors(file_->bytes(), file_->path()).tensors;
    json_ = read_json_file(folder_ / "train.json");
    const Json& s = json_.at("settings");
    // transformers' classes have no balance loss, whatever their settings say.
    const bool balanced = json_.at("steps").at(0).contains("balance");
    options_ = {s.at("mtp_weight"), balanced ? s.at("balance_alpha").get<double>() : 0.0, false};
    model_ = std::make_unique<TrainableModel>(TrainableModel::load(folder_, context_));
    learner_ = std::make_unique<Learner>(*model_, context_);
  }

  template <typename T>
  std::span<const T> values(const std::string& name) const {
    const auto at = std::ranges::find(tensors_, name, &formats::StoredTensor::name);
    EXPECT_NE(at, tensors_.end()) << name;
    return {reinterpret_cast<const T*>(at->data.data()), at->data.size() / sizeof(T)};
  }

  // The sequences of a step, all packed or one batch each.
  std::vector<Batch> batches(std::size_t step, bool one_by_one) const {
    const auto lengths = values<std::int32_t>("lengths");
    const auto tokens = values<std::int32_t>("tokens");
    const std::size_t row = tokens.size() / json_.at("steps").size();
    std::vector<Batch> list(1);
    std::size_t at = step * row;
    for (const std::int32_t length : lengths) {
      if (one_by_one && !list.back().tokens.empty()) list.emplace_back();
      Batch& batch = list.back();
      batch.layout.segments.push_back({batch.layout.rows, length, 0, {}});
      batch.layout.rows += length;
      for (std::int32_t t = 0; t < length; ++t, ++at) {
        batch.tokens.push_back(tokens[at]);
        batch.targets.push_back(tokens[at + 1]);
      }
      ++at;
    }
    return list;
  }

  std::int64_t depths() const { return model_->config().num_nextn_predict_layers; }

  LossSums learn(const std::vector<Batch>& list, LossCounts& counts) {
    counts = {};
    for (const Batch& batch : list) counts += count(batch, depths());
    model_->zero_gradients(context_);
    LossSums sums;
    for (const Batch& batch : list) sums += learner_->learn(batch, counts, options_);
    return sums;
  }

  std::vector<std::vector<float>> gradients() const {
    std::vector<std::vector<float>> all;
    for (const TrainedParameter& p : model_->parameters()) {
      const auto g = p.gradient.view().span();
      all.emplace_back(g.begin(), g.end());
    }
    return all;
  }

  ThreadPool threads_{2};
  ops::Context context_{threads_, best_isa()};
  std::filesystem::path folder_;
  std::unique_ptr<MappedFile> file_;
  std::vector<formats::StoredTensor> tensors_;
  Json json_;
  LossOptions options_;
  std::unique_ptr<TrainableModel> model_;
  std::unique_ptr<Learner> learner_;
};

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

TEST_P(Golden, EveryGradientOfTheFirstStep) {
  LossCounts counts;
  const LossSums sums = learn(batches(0, false), counts);
  const Json& first = json_.at("steps").at(0);
  const double loss = first.at("loss");
  EXPECT_NEAR(total_loss(sums, counts, options_, depths()), loss, 1e-5 * loss);
  for (const TrainedParameter& p : model_->parameters()) {
    if (p.gradient.view().size() == 0) continue;
    const auto expected = values<float>("gradient." + p.name);
    ASSERT_EQ(expected.size(), p.gradient.view().span().size()) << p.name;
    EXPECT_LT(difference(p.gradient.view().span(), expected), 2e-4) << p.name;
  }
}

TEST_P(Golden, TenStepsOfAdamW) {
  const Json& s = json_.at("settings");
  AdamWOptions adamw;
  adamw.beta1 = s.at("beta1");
  adamw.beta2 = s.at("beta2");
  adamw.eps = s.at("eps");
  adamw.weight_decay = s.at("weight_decay");
  AdamW optimizer(*model_, adamw);
  const double clip = s.at("clip");
  for (std::size_t i = 0; i < json_.at("steps").size(); ++i) {
    LossCounts counts;
    const LossSums sums = learn(batches(i, false), counts);
    const Json& step = json_.at("steps").at(i);
    const double loss = step.at("loss");
    // Adam turns the smallest gradients, which float32 hardly knows, into whole steps.
    EXPECT_NEAR(total_loss(sums, counts, options_, depths()), loss, 5e-4 * loss) << "step " << i;
    const double gradient_norm = optimizer.gradient_norm(context_);
    const double expected_norm = step.at("gradient_norm");
    EXPECT_NEAR(gradient_norm, expected_norm, 5e-3 * expected_norm) << "step " << i;
    optimizer.step(context_, s.at("lr"), std::min(1.0, clip / gradient_norm));
    update_biases(*model_, sums.loads, s.at("gamma"));
  }
}

TEST_P(Golden, PackedSequencesEqualTheSameOneByOne) {
  LossCounts packed_counts;
  const LossSums packed = learn(batches(0, false), packed_counts);
  const auto packed_gradients = gradients();
  LossCounts counts;
  const LossSums single = learn(batches(0, true), counts);
  const auto single_gradients = gradients();
  EXPECT_EQ(packed_counts.rows, counts.rows);
  EXPECT_EQ(packed_counts.mtp_rows, counts.mtp_rows);
  EXPECT_NEAR(packed.nll, single.nll, 1e-9 * single.nll);
  for (std::size_t i = 0; i < single_gradients.size(); ++i) {
    EXPECT_LT(difference(packed_gradients[i], single_gradients[i]), 2e-5)
        << model_->parameters()[i].name;
  }
  ASSERT_EQ(packed.loads.size(), single.loads.size());
  for (std::size_t i = 0; i < packed.loads.size(); ++i) {
    EXPECT_EQ(packed.loads[i].rows, single.loads[i].rows);
  }
}

TEST_P(Golden, RecomputationAndThreadsChangeNoBit) {
  LossCounts counts;
  const LossSums kept = learn(batches(0, false), counts);
  const auto expected = gradients();
  options_.recompute_layers = true;
  const LossSums again = learn(batches(0, false), counts);
  EXPECT_EQ(kept.nll, again.nll);
  EXPECT_EQ(kept.balance, again.balance);
  EXPECT_EQ(expected, gradients());
  options_.recompute_layers = false;
  ThreadPool one(1);
  const ops::Context alone{one, best_isa()};
  TrainableModel model = TrainableModel::load(folder_, alone);
  Learner learner(model, alone);
  learner.learn(batches(0, false).front(), counts, options_);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto g = model.parameters()[i].gradient.view().span();
    EXPECT_EQ(expected[i], std::vector<float>(g.begin(), g.end())) << model.parameters()[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Golden,
                         ::testing::Values("llama", "qwen2", "deepseek_v2", "deepseek_v3",
                                           "deepseek_v3_balance"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace frugal::train

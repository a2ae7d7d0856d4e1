// Gradients of whole models against PyTorch's in float64 (tests/golden/train/README.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <list>
#include <map>

#include "base/cpu.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/safetensors.h"
#include "models/transformer.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using formats::StoredTensor;
using frugal::testing::golden;
using ops::kIgnored;

// The first step of tests/golden/train/NAME.
class TrainGolden {
 public:
  explicit TrainGolden(const std::string& name)
      : path_(golden("train/" + name)),
        file_(path_ / "train.safetensors"),
        tensors_(formats::parse_safetensors(file_.bytes(), file_.path())),
        json_(read_json_file(path_ / "train.json")) {}

  const std::filesystem::path& path() const { return path_; }
  const Json& step() const { return json_["steps"][0]; }
  double setting(const char* name) const { return json_["settings"][name].get<double>(); }

  /// Each of length + 1 tokens.
  std::vector<std::vector<std::int32_t>> sequences() const {
    const std::vector<std::int32_t> lengths = integers("lengths");
    const std::vector<std::int32_t> tokens = integers("tokens");
    std::vector<std::vector<std::int32_t>> result;
    auto next = tokens.begin();
    for (const std::int32_t length : lengths) {
      result.emplace_back(next, next + length + 1);
      next += length + 1;
    }
    return result;
  }

  std::vector<float> gradient(const std::string& name) const {
    const StoredTensor& tensor = find("gradient." + name);
    std::vector<float> values(tensor.data.size() / sizeof(float));
    std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
    return values;
  }

 private:
  const StoredTensor& find(const std::string& name) const {
    const auto found = std::ranges::find(tensors_.tensors, name, &StoredTensor::name);
    require(found != tensors_.tensors.end(), "{} has no {}", file_.path().string(), name);
    return *found;
  }
  std::vector<std::int32_t> integers(const std::string& name) const {
    const StoredTensor& tensor = find(name);
    std::vector<std::int32_t> values(tensor.data.size() / sizeof(std::int32_t));
    std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
    return values;
  }

  std::filesystem::path path_;
  MappedFile file_;
  formats::SafetensorsFile tensors_;
  Json json_;
};

struct Losses {
  double main = 0;
  double mtp = 0;
  double balance = 0;  // with its weight
};

// Packed sequences and what each row predicts.
struct Rows {
  std::vector<std::int32_t> tokens, targets, further;  // [T]; kIgnored where there is none
  ops::SequenceLayout layout;

  void add(const std::vector<std::int32_t>& sequence) {
    const auto rows = static_cast<std::int64_t>(sequence.size()) - 1;
    layout.segments.push_back({layout.rows, rows, 0, {}});
    layout.rows += rows;
    tokens.insert(tokens.end(), sequence.begin(), sequence.end() - 1);
    targets.insert(targets.end(), sequence.begin() + 1, sequence.end());
    further.insert(further.end(), sequence.begin() + 2, sequence.end());
    further.push_back(kIgnored);
  }
};

// A model whose parameters have gradients.
class Learner {
 public:
  Learner(const TrainGolden& reference, Isa isa)
      : reference_(reference),
        context_{threads_, isa},
        files_(load_model(reference.path())),
        sequences_(reference.sequences()) {
    for_each_parameter(
        files_.config, files_.weights, [&](const ParameterSite& site, Parameter& parameter) {
          if (site.name.ends_with("e_score_correction_bias")) return;
          Tensor& gradient = gradients_.emplace(site.name, Tensor(site.n, site.k)).first->second;
          parameter.gradient = gradient.view();
        });
    head_ = files_.weights.output_head();
    model_.emplace(files_, context_);
  }

  const std::map<std::string, Tensor>& gradients() const { return gradients_; }

  /// Adds the gradients of these sequences' part of the whole batch's loss.
  Losses learn(const std::vector<std::vector<std::int32_t>>& sequences, bool recompute = false,
               ops::Precision precision = ops::Precision::f32) {
    Rows& rows = rows_.emplace_back();
    for (const auto& sequence : sequences) rows.add(sequence);
    std::int64_t all = 0;
    std::int64_t all_further = 0;
    for (const auto& sequence : sequences_) {
      all += static_cast<std::int64_t>(sequence.size()) - 1;
      all_further += static_cast<std::int64_t>(sequence.size()) - 2;
    }
    const bool has_mtp = model_->config().num_nextn_predict_layers > 0;
    const double balance =
        reference_.setting("balance_alpha") / static_cast<double>(sequences_.size());
    autograd::Recording recording(
        {recompute, has_mtp ? static_cast<float>(balance) : 0.0F, precision});
    Arena arena;
    autograd::Tape tape(context_, arena, recording);
    const View hidden = model_->hidden_states(tape, rows.tokens, rows.layout, nullptr);
    Losses losses;
    losses.main = mean_loss(tape, hidden, rows.targets, all, 1);
    if (has_mtp) {
      const View states =
          model_->mtp_hidden_states(tape, 0, hidden, rows.targets, rows.layout, nullptr);
      losses.mtp =
          mean_loss(tape, states, rows.further, all_further, reference_.setting("mtp_weight"));
    }
    recording.backward();
    losses.balance = recording.balance_loss;
    return losses;
  }
  Losses learn_all(bool recompute = false, ops::Precision precision = ops::Precision::f32) {
    return learn(sequences_, recompute, precision);
  }
  const std::vector<std::vector<std::int32_t>>& sequences() const { return sequences_; }

 private:
  double mean_loss(autograd::Tape& tape, View hidden, std::span<const std::int32_t> targets,
                   std::int64_t count, double weight) {
    const auto slope = static_cast<float>(-weight / static_cast<double>(count));
    double sum = 0;
    for (const float p : tape.cross_entropy(hidden, head_, targets,
                                            [slope](std::int64_t, float) { return slope; })) {
      sum -= p;
    }
    return sum / static_cast<double>(count);
  }

  const TrainGolden& reference_;
  ThreadPool threads_{2};
  ops::Context context_;
  ModelFiles files_;
  std::vector<std::vector<std::int32_t>> sequences_;
  std::map<std::string, Tensor> gradients_;
  Parameter head_;
  std::optional<Transformer> model_;
  std::list<Rows> rows_;  // a recording refers to its rows
};

double norm_of_difference(ConstView got, const std::vector<float>& wanted) {
  double sum = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double difference = double{got.data[i]} - double{wanted[i]};
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

std::vector<float> values_of(const Tensor& tensor) {
  return {tensor.data(), tensor.data() + tensor.view().size()};
}

double norm(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

class GradientGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(GradientGolden, LossAndGradientsAgreeWithPyTorchOnEveryInstructionSet) {
  const TrainGolden reference(GetParam());
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512, Isa::amx}) {
    if (isa > best_isa()) continue;
    SCOPED_TRACE(isa_name(isa));
    Learner learner(reference, isa);
    const Losses losses = learner.learn_all();
    const Json& step = reference.step();
    EXPECT_NEAR(losses.main, step["main"].get<double>(), 1e-5);
    EXPECT_NEAR(losses.mtp, step.value("mtp", 0.0), 1e-5);
    EXPECT_NEAR(losses.balance, reference.setting("balance_alpha") * step.value("balance", 0.0),
                1e-6);
    for (const auto& [name, gradient] : learner.gradients()) {
      const std::vector<float> wanted = reference.gradient(name);
      ASSERT_EQ(static_cast<std::int64_t>(wanted.size()), gradient.view().size()) << name;
      EXPECT_LE(norm_of_difference(gradient.view(), wanted), 1e-4 * norm(wanted)) << name;
    }
  }
}

// With eight bits of each factor a row may go to other experts than PyTorch's, which changes
// gradients by their size; so models with experts are held to the reference alone.
TEST_P(GradientGolden, RoundedFactorsStayNearPyTorchAndTheReference) {
  const TrainGolden golden(GetParam());
  const bool has_experts = std::string_view(GetParam()).starts_with("deepseek");
  Learner reference(golden, Isa::reference);
  reference.learn_all(false, ops::Precision::bf16);
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512, Isa::amx}) {
    if (isa > best_isa()) continue;
    SCOPED_TRACE(isa_name(isa));
    Learner learner(golden, isa);
    const Losses losses = learner.learn_all(false, ops::Precision::bf16);
    EXPECT_NEAR(losses.main / golden.step()["main"].get<double>(), 1, 3e-3);
    for (const auto& [name, gradient] : learner.gradients()) {
      const std::vector<float> torch = golden.gradient(name);
      const std::vector<float> ours = values_of(reference.gradients().at(name));
      EXPECT_LE(norm_of_difference(gradient.view(), ours), 1e-2 * norm(ours)) << name;
      const double difference = norm_of_difference(gradient.view(), torch) / norm(torch);
      EXPECT_GE(difference, 1e-3) << name << ": nothing was rounded";
      if (!has_experts) {
        EXPECT_LE(difference, 3e-2) << name;
      }
    }
  }
}

TEST_P(GradientGolden, PackedSequencesLearnAsOneByOne) {
  const TrainGolden reference(GetParam());
  Learner packed(reference, best_isa());
  Learner alone(reference, best_isa());
  packed.learn_all();
  for (const auto& sequence : alone.sequences()) alone.learn({sequence});
  for (const auto& [name, gradient] : packed.gradients()) {
    const std::vector<float> wanted = values_of(alone.gradients().at(name));
    EXPECT_LE(norm_of_difference(gradient.view(), wanted), 1e-5 * norm(wanted)) << name;
  }
}

TEST_P(GradientGolden, RecomputedLayersHaveTheSameBits) {
  const TrainGolden reference(GetParam());
  Learner kept(reference, best_isa());
  Learner recomputed(reference, best_isa());
  kept.learn_all(false);
  recomputed.learn_all(true);
  for (const auto& [name, gradient] : kept.gradients()) {
    const std::vector<float> wanted = values_of(recomputed.gradients().at(name));
    EXPECT_EQ(std::memcmp(gradient.data(), wanted.data(), wanted.size() * sizeof(float)), 0)
        << name;
  }
}

std::string name_of(const ::testing::TestParamInfo<const char*>& golden_name) {
  return golden_name.param;
}

INSTANTIATE_TEST_SUITE_P(Models, GradientGolden,
                         ::testing::Values("llama", "qwen2", "deepseek_v2", "deepseek_v3",
                                           "deepseek_v3_balance"),
                         name_of);

}  // namespace
}  // namespace frugal::models

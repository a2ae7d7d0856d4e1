// The goldens can tell right from wrong: with one feature off, the logits move as far as those of
// transformers do, which is more than 1 % for each (tests/golden/models/*/ablations.json).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/cpu.h"
#include "base/json.h"
#include "formats/safetensors.h"
#include "models/golden_model.h"
#include "support/data.h"

namespace frugal::models {
namespace {

namespace fs = std::filesystem;
using frugal::testing::golden;
using frugal::testing::TemporaryFolder;

struct Ablation {
  std::string model;
  Json entry;
};

std::vector<Ablation> ablations() {
  std::vector<Ablation> result;
  for (const auto& folder : fs::directory_iterator(golden("models"))) {
    const fs::path file = folder.path() / "ablations.json";
    if (!fs::exists(file)) continue;
    for (const Json& entry : read_json_file(file)) {
      result.push_back({folder.path().filename().string(), entry});
    }
  }
  std::ranges::sort(result, {}, [](const Ablation& a) { return a.model; });
  return result;
}

std::string name_of(const ::testing::TestParamInfo<Ablation>& info) {
  return info.param.model + "_" + info.param.entry["name"].get<std::string>();
}

// The checkpoint with its configuration patched and some tensors zeroed.
void write_ablated(const Ablation& ablation, const fs::path& target) {
  const formats::Checkpoint source = formats::open_checkpoint(golden("models/" + ablation.model));
  Json config = source.config();
  config.merge_patch(ablation.entry["patch"]);
  frugal::testing::write_file(target / "config.json", config.dump());
  const std::string ending = ablation.entry.value("zero", "");
  std::vector<std::byte> zeros;
  std::vector<formats::TensorSource> tensors;
  for (const formats::StoredTensor& tensor : source.tensors()) {
    const bool zero = !ending.empty() && tensor.name.ends_with(ending);
    if (zero) zeros.resize(std::max(zeros.size(), tensor.data.size()));
    tensors.push_back({tensor.name, tensor.dtype, tensor.shape, [&zeros, &tensor, zero] {
                         if (zero)
                           return std::span<const std::byte>(zeros).first(tensor.data.size());
                         return tensor.data;
                       }});
  }
  formats::write_safetensors(target / "model.safetensors", std::move(tensors));
}

class Ablated : public ::testing::TestWithParam<Ablation> {};

TEST_P(Ablated, MovesTheLogitsAsFarAsTransformersDo) {
  const Ablation& ablation = GetParam();
  const TemporaryFolder folder;
  write_ablated(ablation, folder.path());
  ThreadPool threads(2);
  Transformer model(load_model(folder.path()), {threads, best_isa()});
  const testing::Reference reference =
      testing::read_reference(golden("models/" + ablation.model + "/logits.safetensors"));
  const Tensor logits = testing::run_at_once(model, reference.tokens);
  const double moved =
      testing::distance(logits.view(), reference.logits.view(), reference.positions);
  EXPECT_GT(moved, 0.01);
  // Loose, because nothing keeps an ablated model's experts from being chosen by a hair's breadth.
  const auto wanted = ablation.entry["distance"].get<double>();
  EXPECT_NEAR(moved, wanted, 0.02 * wanted);
}

INSTANTIATE_TEST_SUITE_P(Models, Ablated, ::testing::ValuesIn(ablations()), name_of);

}  // namespace
}  // namespace frugal::models

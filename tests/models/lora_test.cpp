// Adapters beside weights that another model uses.
#include "models/lora.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "models/golden_model.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using ::frugal::testing::golden;
using ::frugal::testing::TemporaryFolder;

constexpr std::int64_t kRank = 3;

// An adapter of random values for all that can have one.
void write_random_adapter(const ModelFiles& base, const std::filesystem::path& folder) {
  const LoraConfig config{.rank = kRank, .alpha = 6, .targets = {}};
  std::vector<formats::TensorSource> tensors;
  Rng rng(5);
  ModelFiles files = base;
  for_each_parameter(files.config, files.weights, [&](const ParameterSite& site, Parameter&) {
    if (!is_adapted(config, site)) return;
    for (const char factor : {'A', 'B'}) {
      const auto values =
          std::make_shared<Tensor>(factor == 'A' ? kRank : site.n, factor == 'A' ? site.k : kRank);
      for (float& value : values->view().span()) value = static_cast<float>(rng.uniform() - 0.5);
      tensors.push_back(
          {adapter_name(site.name, factor), DType::f32, {values->rows(), values->cols()}, [values] {
             const std::span<const float> floats = values->view().span();
             return std::as_bytes(floats);
           }});
    }
  });
  write_adapter(folder, config, "base", std::move(tensors));
}

std::vector<const std::byte*> places(const Transformer& model) {
  std::vector<const std::byte*> all;
  ModelFiles files = model.files();
  for_each_parameter(files.config, files.weights, [&](const ParameterSite&, const Parameter& p) {
    all.push_back(p.weight.data);
  });
  return all;
}

bool equal(const Tensor& a, const Tensor& b) {
  return std::ranges::equal(a.view().span(), b.view().span());
}

class SharedWeights : public ::testing::TestWithParam<const char*> {};

TEST_P(SharedWeights, AnAdapterBesidePackedWeightsLeavesThemAndTheirModelAsTheyWere) {
  const std::filesystem::path path = golden("models") / GetParam();
  const std::vector<std::int32_t> tokens =
      testing::read_reference(path / "logits.safetensors").tokens;
  ThreadPool threads(2);
  const ops::Context context{threads, chosen_isa()};
  const TemporaryFolder folder;
  write_random_adapter(load_model(path), folder.path() / "adapter");

  // As generate --lora does it: the adapter first, then the weights are packed.
  ModelFiles files = load_model(path);
  load_adapter(files, folder.path() / "adapter");
  Transformer alone(std::move(files), context);
  alone.pack();

  Transformer base(load_model(path), context);
  base.pack();
  const std::vector<std::int64_t> chunks = {std::ssize(tokens)};
  const Tensor before = testing::run_in_chunks(base, tokens, chunks);
  ModelFiles shared = base.files();
  load_adapter(shared, folder.path() / "adapter");
  Transformer adapted(std::move(shared), context);

  EXPECT_EQ(places(adapted), places(base));
  const Tensor wanted = testing::run_in_chunks(alone, tokens, chunks);
  EXPECT_TRUE(equal(testing::run_in_chunks(adapted, tokens, chunks), wanted));
  const Tensor after = testing::run_in_chunks(base, tokens, chunks);
  EXPECT_TRUE(equal(after, before));
  EXPECT_FALSE(equal(after, wanted));
}

INSTANTIATE_TEST_SUITE_P(Models, SharedWeights,
                         ::testing::Values("llama", "llama3_tied", "deepseek_v3"),
                         [](const auto& named) { return std::string(named.param); });

}  // namespace
}  // namespace frugal::models

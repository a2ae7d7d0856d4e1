#include "models/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/mapped_file.h"
#include "formats/safetensors.h"
#include "models/gguf_names.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using ::frugal::testing::golden;
using ::frugal::testing::TemporaryFolder;
using ::testing::HasSubstr;

// The golden llama with its tensors changed by `edit` before they are written again.
std::string message_after(const std::function<void(std::vector<formats::TensorSource>&)>& edit) {
  const std::filesystem::path source = golden("models/llama3_untied");
  const formats::Checkpoint checkpoint = formats::open_checkpoint(source);
  std::vector<formats::TensorSource> tensors;
  for (const formats::StoredTensor& t : checkpoint.tensors()) {
    tensors.push_back({t.name, t.dtype, t.shape, [&t] { return t.data; }});
  }
  edit(tensors);
  const TemporaryFolder folder;
  std::filesystem::copy_file(source / "config.json", folder.path() / "config.json");
  formats::write_safetensors(folder.path() / "model.safetensors", tensors);
  try {
    load_model(folder.path());
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(folder.path().string()));
    return error.what();
  }
  return "no error";
}

formats::TensorSource& named(std::vector<formats::TensorSource>& tensors, const std::string& name) {
  return *std::ranges::find(tensors, name, &formats::TensorSource::name);
}

TEST(LoadModel, LoadsWhatWasOnlyCopied) {
  EXPECT_EQ(message_after([](auto&) {}), "no error");
}

TEST(LoadModel, NamesAMissingTensor) {
  EXPECT_THAT(message_after([](auto& tensors) {
                std::erase_if(tensors, [](const auto& t) {
                  return t.name == "model.layers.1.mlp.up_proj.weight";
                });
              }),
              HasSubstr("model.layers.1.mlp.up_proj.weight"));
}

TEST(LoadModel, NamesATensorOfTheWrongShape) {
  const std::string message = message_after([](auto& tensors) {
    auto& tensor = named(tensors, "model.layers.0.self_attn.k_proj.weight");
    std::swap(tensor.shape[0], tensor.shape[1]);
  });
  EXPECT_THAT(message, HasSubstr("model.layers.0.self_attn.k_proj.weight has shape"));
  EXPECT_THAT(message, HasSubstr("expected"));
}

TEST(LoadModel, NamesATensorOfTheWrongType) {
  EXPECT_THAT(message_after([](auto& tensors) {
                auto& tensor = named(tensors, "model.norm.weight");
                tensor.dtype = tensor.dtype == DType::f32 ? DType::i32 : DType::i16;
              }),
              HasSubstr("model.norm.weight is I"));
}

TEST(LoadModel, NamesATensorThatHasNoPlace) {
  const std::vector<std::byte> four(4);
  EXPECT_THAT(message_after([&](auto& tensors) {
                tensors.push_back({"model.layers.0.mlp.extra.weight", DType::f32, {1}, [&] {
                                     return std::span(four);
                                   }});
              }),
              HasSubstr("model.layers.0.mlp.extra.weight [1] has no place in a llama model"));
}

TEST(LoadModel, NamesMissingScalesOfFp8) {
  const std::filesystem::path source = golden("models/deepseek_v3_fp8");
  const formats::Checkpoint checkpoint = formats::open_checkpoint(source);
  std::vector<formats::TensorSource> tensors;
  for (const formats::StoredTensor& t : checkpoint.tensors()) {
    if (t.name == "model.layers.0.self_attn.o_proj.weight_scale_inv") continue;
    tensors.push_back({t.name, t.dtype, t.shape, [&t] { return t.data; }});
  }
  const TemporaryFolder folder;
  std::filesystem::copy_file(source / "config.json", folder.path() / "config.json");
  formats::write_safetensors(folder.path() / "model.safetensors", tensors);
  try {
    load_model(folder.path());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("model.layers.0.self_attn.o_proj.weight_scale_inv"));
  }
}

TEST(LoadModel, NamesAFolderThatIsNotThere) {
  try {
    load_model("/nowhere/at/all");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/at/all"));
  }
}

TEST(GgufNames, MapEveryParameterOfEveryGoldenModel) {
  for (const auto& entry : std::filesystem::directory_iterator(golden("models"))) {
    if (!std::filesystem::exists(entry.path() / "config.json")) continue;
    const ModelConfig config = read_config(formats::open_checkpoint(entry.path()));
    Weights weights;
    for_each_parameter(config, weights, [](const ParameterSite& site, Parameter&) {
      EXPECT_FALSE(gguf_site(site.name).name.empty()) << site.name;
    });
  }
  EXPECT_EQ(gguf_site("model.layers.12.mlp.experts.7.down_proj.weight").name,
            "blk.12.ffn_down_exps.weight");
  EXPECT_EQ(gguf_site("model.layers.12.mlp.experts.7.down_proj.weight").expert, 7);
  EXPECT_THROW(gguf_site("model.layers.0.self_attn.sinks"), Error);
}

}  // namespace
}  // namespace frugal::models

// Whole runs of a tiny model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "support/data.h"
#include "train/trainer.h"

namespace frugal::train {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kRecipe = R"(
[model]
model_type = "deepseek_v3"
hidden_size = 16
intermediate_size = 24
moe_intermediate_size = 8
num_hidden_layers = 2
num_attention_heads = 2
q_lora_rank = 8
kv_lora_rank = 8
qk_nope_head_dim = 4
qk_rope_head_dim = 4
v_head_dim = 4
n_routed_experts = 4
num_experts_per_tok = 2
n_shared_experts = 1
first_k_dense_replace = 1
num_nextn_predict_layers = 1
max_position_embeddings = 64
[data]
validation_share = 0.2
sequence_length = 16
fim_share = 0.3
[train]
steps = 12
batch_sequences = 6
batch_sequences_start = 3
batch_ramp = 0.5
micro_batch_tokens = 32
lr = 1e-2
warmup_steps = 3
moments = "bf16"
ema_decay = 0.9
[loss]
balance_alpha = 1e-3
[run]
validate_every_steps = 4
sample_every_steps = 6
sample_tokens = 8
save_every_steps = 5
keep = 2
)";

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Run : public ::testing::Test {
 protected:
  Run() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += fmt::format("{} and {} make {}.\n", i, i, 2 * i);
    frugal::testing::write_file(folder_.path() / "text.txt", text);
    frugal::testing::write_file(folder_.path() / "r.toml", kRecipe);
  }
  Recipe recipe(std::vector<std::string> set = {}) const {
    set.push_back("data.path=" + (folder_.path() / "text.txt").string());
    return read_recipe(folder_.path() / "r.toml", set);
  }
  // Runs to the end, or stops after `steps`.
  void run(const Recipe& recipe, const std::string& out, bool resume, int steps = 1000) {
    Trainer trainer(recipe, folder_.path() / out, resume);
    int done = 0;
    trainer.run([&] { return ++done >= steps; });
  }
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  frugal::testing::TemporaryFolder folder_;
};

TEST_F(Run, AResumedRunEqualsAnUninterruptedOneBitForBit) {
  run(recipe(), "whole", false);
  run(recipe({"train.threads=1"}), "parts", false, 4);
  run(recipe({"train.threads=3"}), "parts", true, 3);
  run(recipe(), "parts", true);
  for (const char* file :
       {"model.safetensors", "training/optimizer.safetensors", "config.json", "tokenizer.json"}) {
    const std::string expected = contents(path("whole/step-00000012") / file);
    EXPECT_FALSE(expected.empty()) << file;
    EXPECT_TRUE(expected == contents(path("parts/step-00000012") / file)) << file << " differs";
  }
  EXPECT_EQ(fs::read_symlink(path("parts/latest")), "step-00000012");
}

TEST_F(Run, RoundedPrecisionsLearnLikeFp32AndResumeBitForBit) {
  const auto losses = [&](const std::string& out) {
    std::vector<double> all;
    std::ifstream metrics(path(out + "/metrics.jsonl"));
    for (std::string line; std::getline(metrics, line);) {
      all.push_back(Json::parse(line).at("loss").get<double>());
    }
    return all;
  };
  run(recipe(), "fp32", false);
  const std::vector<double> fp32 = losses("fp32");
  for (const auto& [name, near] : {std::pair{std::string("bf16"), 0.002}, {"fp8", 0.01}}) {
    SCOPED_TRACE(name);
    const std::string set = "train.precision=" + name;
    const std::string parts = name + "-parts";
    run(recipe({set, "train.recompute=true"}), name, false);
    run(recipe({set, "train.threads=1"}), parts, false, 5);
    run(recipe({set, "train.threads=3"}), parts, true);
    EXPECT_TRUE(contents(path(name + "/latest/model.safetensors")) ==
                contents(path(parts + "/latest/model.safetensors")));
    const std::vector<double> rounded = losses(name);
    ASSERT_EQ(fp32.size(), rounded.size());
    for (std::size_t i = 0; i < fp32.size(); ++i) {
      EXPECT_NE(rounded[i], fp32[i]) << "nothing was rounded";
      EXPECT_NEAR(rounded[i] / fp32[i], 1, near) << "step " << i + 1;
    }
  }
}

// Sums over rows go on where the micro-batch before stopped. One holds a window at least.
TEST_F(Run, MicroBatchesChangeNoBitInFp32) {
  const auto weights = [&](const std::string& rows) {
    run(recipe({"data.sequence_length=64", "model.num_nextn_predict_layers=0",
                "train.micro_batch_tokens=" + rows}),
        rows, false);
    return contents(path(rows + "/latest/model.safetensors"));
  };
  const std::string whole = weights("4096");
  EXPECT_FALSE(whole.empty());
  EXPECT_TRUE(weights("128") == whole);
  EXPECT_TRUE(weights("16") == whole);
}

TEST_F(Run, KeepsTheNewestCheckpointsAndOneLineAStep) {
  run(recipe(), "out", false);
  EXPECT_FALSE(fs::exists(path("out/step-00000005")));
  EXPECT_TRUE(fs::exists(path("out/step-00000010")));
  EXPECT_TRUE(fs::exists(path("out/step-00000012")));
  std::ifstream metrics(path("out/metrics.jsonl"));
  int steps = 0;
  double first = 0;
  double last = 0;
  for (std::string line; std::getline(metrics, line);) {
    const Json json = Json::parse(line);
    EXPECT_EQ(json.at("step"), ++steps);
    EXPECT_EQ(json.at("val_loss").is_null(), steps % 4 != 0);
    for (const char* key : {"tokens", "loss", "val_bits_per_byte", "lr", "grad_norm",
                            "tokens_per_second", "flops_utilization", "cost_usd", "seconds"}) {
      EXPECT_TRUE(json.contains(key)) << key;
    }
    last = json.at("loss");
    if (steps == 1) first = last;
  }
  EXPECT_EQ(steps, 12);
  EXPECT_LT(last, first - 0.5) << "nothing was learned";
}

TEST_F(Run, WhatACrashLeftBehindIsNoCheckpoint) {
  run(recipe(), "out", false, 5);
  // Killed while writing, after steps that nobody saved.
  fs::create_directories(path("out/.partial/training"));
  frugal::testing::write_file(path("out/.partial/model.safetensors"), "half");
  std::ofstream(path("out/metrics.jsonl"), std::ios::app) << "{\"step\": 6}\n{\"st";
  run(recipe(), "out", true);
  run(recipe(), "whole", false);
  EXPECT_TRUE(contents(path("out/step-00000012/model.safetensors")) ==
              contents(path("whole/step-00000012/model.safetensors")));
  std::ifstream metrics(path("out/metrics.jsonl"));
  int lines = 0;
  for (std::string line; std::getline(metrics, line); ++lines) {
    EXPECT_EQ(Json::parse(line).at("step"), lines + 1);
  }
  EXPECT_EQ(lines, 12);
}

TEST_F(Run, RefusesToMixRunsAndModels) {
  run(recipe(), "out", false, 2);
  const auto message = [&](const Recipe& r, const std::string& out, bool resume) {
    try {
      run(r, out, resume);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(recipe(), "out", false), HasSubstr("holds a run already"));
  EXPECT_THAT(message(recipe(), "none", true), HasSubstr("no checkpoint to resume from"));
  EXPECT_THAT(message(recipe({"model.hidden_size=32"}), "out", true), HasSubstr("another model"));
  EXPECT_THAT(message(recipe({"train.moments=f32"}), "out", true), HasSubstr("does not fit"));
  frugal::testing::write_file(path("other.txt"), contents(path("text.txt")) + "more");
  Recipe other = recipe();
  other.data.path = path("other.txt");
  EXPECT_THAT(message(other, "out", true), HasSubstr("trained on other data"));
  for (const char* set : {"data.sequence_length=8", "data.seed=2", "data.mask_samples=true",
                          "data.fim_share=0.1", "data.validation_share=0.3"}) {
    EXPECT_THAT(message(recipe({set}), "out", true), HasSubstr("cut into other windows")) << set;
  }
  other = recipe();
  other.data.validation_path = path("other.txt");
  EXPECT_THAT(message(other, "out", true), HasSubstr("trained on other data"));
  EXPECT_THAT(message(recipe({"model.vocab_size=100"}), "new", false), HasSubstr("260 tokens"));
  EXPECT_THAT(message(recipe({"model.hiden_size=16"}), "new", false), HasSubstr("hiden_size"));
}

TEST_F(Run, WhatBeganWithOtherWeightsIsWrittenAsFloats) {
  run(recipe(), "first", false, 2);
  const fs::path start = path("first/step-00000002");
  Json config = read_json_file(start / "config.json");
  config["dtype"] = "bfloat16";
  config["quantization_config"] = {{"quant_method", "fp8"}};
  frugal::testing::write_file(start / "config.json", config.dump());
  Recipe next = recipe();
  next.start = start;
  run(next, "second", false, 1);
  const Json written = read_json_file(path("second/latest/config.json"));
  EXPECT_EQ(written.at("torch_dtype"), "float32");
  EXPECT_FALSE(written.contains("dtype"));
  EXPECT_FALSE(written.contains("quantization_config"));
}

TEST_F(Run, ABlownUpLossStopsAndKeepsTheLastGoodState) {
  run(recipe({"train.steps=4"}), "out", false);
  const std::string before = contents(path("out/step-00000004/model.safetensors"));
  const Recipe wild =
      recipe({"train.steps=80", "train.lr=10", "train.clip=0", "train.warmup_steps=0",
              "run.spike_limit=2", "run.save_every_steps=0"});
  EXPECT_THROW(run(wild, "out", true), Error);
  EXPECT_EQ(fs::read_symlink(path("out/latest")), "step-00000004");
  EXPECT_TRUE(before == contents(path("out/step-00000004/model.safetensors")));
}

}  // namespace
}  // namespace frugal::train

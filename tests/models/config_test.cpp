#include "models/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "models/rope_frequencies.h"
#include "models/weights.h"

namespace frugal::models {
namespace {

using ::testing::HasSubstr;

Json llama_config() {
  return parse_json(R"({"model_type": "llama", "vocab_size": 100, "hidden_size": 64,
    "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "torch_dtype": "bfloat16"})",
                    "llama");
}

// The published configuration of DeepSeek-V3.
Json deepseek_v3_config() {
  return parse_json(R"({"model_type": "deepseek_v3", "vocab_size": 129280, "hidden_size": 7168,
    "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_hidden_layers": 61,
    "num_attention_heads": 128, "num_key_value_heads": 128, "n_shared_experts": 1, "n_routed_experts": 256,
    "num_experts_per_tok": 8, "n_group": 8, "topk_group": 4, "topk_method": "noaux_tc", "scoring_func": "sigmoid",
    "norm_topk_prob": true, "routed_scaling_factor": 2.5, "first_k_dense_replace": 3, "moe_layer_freq": 1,
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "max_position_embeddings": 163840, "num_nextn_predict_layers": 1, "rms_norm_eps": 1e-6, "rope_theta": 10000,
    "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096, "beta_fast": 32,
      "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 1.0}, "hidden_act": "silu", "tie_word_embeddings": false,
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}})",
                    "v3");
}

std::string message_of(const Json& config) {
  try {
    parse_hf_config(config, "config.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string message_with(Json config, const std::string& key, const Json& value) {
  config[key] = value;
  return message_of(config);
}

TEST(Config, ReadsLlama) {
  const ModelConfig c = parse_hf_config(llama_config(), "config.json");
  EXPECT_EQ(c.num_key_value_heads, 4);
  EXPECT_EQ(c.head_dim, 16);
  EXPECT_FALSE(c.rope.interleaved);
  EXPECT_FLOAT_EQ(c.attention_scale(), 0.25F);
}

// 671.03 billion parameters is what the report says of the main model, and the cache of 70,272
// bytes a token in bf16 what ISCA's paper says.
TEST(Config, DeepSeekV3HasThePublishedSize) {
  ModelConfig c = parse_hf_config(deepseek_v3_config(), "config.json");
  c.num_nextn_predict_layers = 0;
  EXPECT_NEAR(static_cast<double>(count_parameters(c)) / 1e9, 671.03, 0.005);
  EXPECT_EQ((c.mla->kv_lora_rank + c.mla->qk_rope_head_dim) * c.num_hidden_layers * 2, 70272);
  const double mscale = 0.1 * std::log(40.0) + 1;
  EXPECT_NEAR(c.attention_scale(), mscale * mscale / std::sqrt(192.0), 1e-7);
}

TEST(Config, NamesWhatIsMissingOrOfTheWrongType) {
  Json config = llama_config();
  config.erase("hidden_size");
  EXPECT_EQ(message_of(config), "config.json: hidden_size is missing");
  EXPECT_THAT(message_with(llama_config(), "hidden_size", "64"),
              HasSubstr("hidden_size is \"64\", expected an integer"));
  EXPECT_THAT(message_with(llama_config(), "vocab_size", 1e30), HasSubstr("vocab_size is 1e+30"));
  EXPECT_THAT(message_with(llama_config(), "vocab_size", UINT64_MAX),
              HasSubstr("expected an integer"));
  EXPECT_THAT(message_of(Json::array()), HasSubstr("not a JSON object"));
}

TEST(Config, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(message_with(llama_config(), "model_type", "mamba"),
              HasSubstr("unknown model_type mamba"));
  EXPECT_THAT(message_with(llama_config(), "attn_logit_softcapping", 50.0),
              HasSubstr("attn_logit_softcapping"));
  EXPECT_THAT(message_with(llama_config(), "hidden_act", "gelu"), HasSubstr("hidden_act"));
  EXPECT_THAT(message_with(llama_config(), "rope_scaling", {{"type", "longrope"}, {"factor", 2}}),
              HasSubstr("unknown rope type longrope"));
  EXPECT_THAT(
      message_with(llama_config(), "rope_scaling", {{"type", "linear"}, {"factor", 2}, {"odd", 1}}),
      HasSubstr("unknown key odd"));
  EXPECT_THAT(message_with(deepseek_v3_config(), "topk_method", "greedy"),
              HasSubstr("unknown topk_method greedy"));
  EXPECT_THAT(message_with(deepseek_v3_config(), "scoring_func", "softmax"),
              HasSubstr("scoring_func"));
  EXPECT_EQ(message_with(llama_config(), "attn_logit_softcapping", nullptr), "no error");
  EXPECT_EQ(message_with(llama_config(), "_name_or_path", "x"), "no error");
}

TEST(Config, RefusesSizesThatMakeNoSense) {
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, std::int64_t>>{
           {"vocab_size", 0},
           {"hidden_size", -1},
           {"num_hidden_layers", 1 << 20},
           {"num_attention_heads", 0},
           {"num_key_value_heads", 3},
           {"head_dim", 7},
           {"max_position_embeddings", 0},
           {"intermediate_size", INT64_MAX}}) {
    EXPECT_NE(message_with(llama_config(), key, value), "no error") << key;
  }
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, std::int64_t>>{
           {"n_group", 7},
           {"n_group", 0},
           {"topk_group", 9},
           {"num_experts_per_tok", 200},
           {"n_routed_experts", -8},
           {"kv_lora_rank", 0},
           {"qk_rope_head_dim", 63},
           {"moe_layer_freq", 0},
           {"first_k_dense_replace", -1},
           {"num_nextn_predict_layers", 1000}}) {
    EXPECT_NE(message_with(deepseek_v3_config(), key, value), "no error") << key;
  }
}

// The numbers of Llama 3.1's published scaling, by the formula of its reference code.
TEST(RopeFrequencies, Llama3SlowsLongWavelengthsOnly) {
  RopeConfig rope;
  rope.theta = 500000;
  rope.dim = 128;
  rope.scaling = RopeScaling::llama3;
  rope.factor = 8;
  rope.original_max_position_embeddings = 8192;
  const ops::Rope made = make_rope(rope);
  EXPECT_DOUBLE_EQ(made.frequencies[0], 1.0);
  EXPECT_DOUBLE_EQ(made.frequencies[63], std::pow(500000.0, -126.0 / 128) / 8);
  for (std::size_t i = 1; i < 64; ++i) EXPECT_LT(made.frequencies[i], made.frequencies[i - 1]);
}

TEST(RopeFrequencies, YarnMagnitudeFollowsBothMscales) {
  RopeConfig rope;
  rope.dim = 64;
  rope.scaling = RopeScaling::yarn;
  rope.factor = 40;
  rope.original_max_position_embeddings = 4096;
  EXPECT_NEAR(make_rope(rope).magnitude, 0.1 * std::log(40.0) + 1, 1e-6);
  rope.mscale = rope.mscale_all_dim = 0.707;
  EXPECT_FLOAT_EQ(make_rope(rope).magnitude, 1.0F);
  EXPECT_DOUBLE_EQ(make_rope(rope).frequencies[0], 1.0);
  EXPECT_DOUBLE_EQ(make_rope(rope).frequencies[31], std::pow(10000.0, -62.0 / 64) / 40);
}

}  // namespace
}  // namespace frugal::models

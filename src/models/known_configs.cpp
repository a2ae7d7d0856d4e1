#include "models/known_configs.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace frugal::models {

namespace {

constexpr std::array kKnown{
    KnownConfig{"deepseek-v3",
                R"({"model_type": "deepseek_v3", "vocab_size": 129280, "hidden_size": 7168,
      "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_hidden_layers": 61,
      "num_attention_heads": 128, "n_shared_experts": 1, "n_routed_experts": 256, "num_experts_per_tok": 8,
      "n_group": 8, "topk_group": 4, "topk_method": "noaux_tc", "scoring_func": "sigmoid", "norm_topk_prob": true,
      "routed_scaling_factor": 2.5, "first_k_dense_replace": 3, "q_lora_rank": 1536, "kv_lora_rank": 512,
      "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "max_position_embeddings": 163840,
      "num_nextn_predict_layers": 1, "rms_norm_eps": 1e-6, "rope_theta": 10000, "rope_scaling": {"type": "yarn",
      "factor": 40, "original_max_position_embeddings": 4096, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0,
      "mscale_all_dim": 1.0}})"},
    KnownConfig{"deepseek-v2-lite",
                R"({"model_type": "deepseek_v2", "vocab_size": 102400, "hidden_size": 2048,
      "intermediate_size": 10944, "moe_intermediate_size": 1408, "num_hidden_layers": 27,
      "num_attention_heads": 16, "n_shared_experts": 2, "n_routed_experts": 64, "num_experts_per_tok": 6,
      "n_group": 1, "topk_group": 1, "topk_method": "greedy", "scoring_func": "softmax", "norm_topk_prob": false,
      "routed_scaling_factor": 1.0, "first_k_dense_replace": 1, "q_lora_rank": null, "kv_lora_rank": 512,
      "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "max_position_embeddings": 163840,
      "rms_norm_eps": 1e-6, "rope_theta": 10000, "rope_scaling": {"type": "yarn", "factor": 40,
      "original_max_position_embeddings": 4096, "beta_fast": 32, "beta_slow": 1, "mscale": 0.707,
      "mscale_all_dim": 0.707}})"},
    KnownConfig{"v3-small",  // nothing published: everything that V3 has, at a size for benchmarks
                R"({"model_type": "deepseek_v3", "vocab_size": 32000, "hidden_size": 1024,
      "intermediate_size": 2816, "moe_intermediate_size": 512, "num_hidden_layers": 12,
      "num_attention_heads": 16, "n_shared_experts": 1, "n_routed_experts": 64, "num_experts_per_tok": 6,
      "n_group": 1, "topk_group": 1, "topk_method": "noaux_tc", "scoring_func": "sigmoid", "norm_topk_prob": true,
      "routed_scaling_factor": 2.5, "first_k_dense_replace": 1, "q_lora_rank": 512, "kv_lora_rank": 512,
      "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "max_position_embeddings": 16384,
      "rms_norm_eps": 1e-6, "rope_theta": 10000})"},
    KnownConfig{"r1-distill-qwen-1.5b",
                R"({"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 1536,
      "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
      "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "rope_theta": 10000})"},
    KnownConfig{"r1-distill-llama-8b",
                R"({"model_type": "llama", "vocab_size": 128256, "hidden_size": 4096,
      "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
      "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 500000, "rope_scaling":
      {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192}})"},
    KnownConfig{"qwen3-30b-a3b",
                R"({"model_type": "qwen3_moe", "vocab_size": 151936, "hidden_size": 2048,
      "intermediate_size": 6144, "moe_intermediate_size": 768, "num_hidden_layers": 48, "num_attention_heads": 32,
      "num_key_value_heads": 4, "head_dim": 128, "num_experts": 128, "num_experts_per_tok": 8,
      "norm_topk_prob": true, "max_position_embeddings": 40960, "rms_norm_eps": 1e-6, "rope_theta": 1000000})"},
    KnownConfig{"smollm2-135m", R"({"model_type": "llama", "vocab_size": 49152, "hidden_size": 576,
      "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
      "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 100000, "tie_word_embeddings": true})"},
};

}  // namespace

std::span<const KnownConfig> known_configs() { return kKnown; }

ModelConfig known_config(std::string_view name) {
  const auto* found = std::ranges::find(kKnown, name, &KnownConfig::name);
  if (found == kKnown.end()) {
    std::string names;
    for (const KnownConfig& known : kKnown)
      names += (names.empty() ? "" : ", ") + std::string(known.name);
    fail("no configuration of the name {}; known are {}", printable(name), names);
  }
  return parse_hf_config(parse_json(found->json, found->name), std::string(found->name));
}

}  // namespace frugal::models

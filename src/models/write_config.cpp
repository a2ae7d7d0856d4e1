#include "models/write_config.h"

#include <cmath>

#include "base/error.h"
#include "models/rope_frequencies.h"

namespace frugal::models {

namespace {

bool is_deepseek(const ModelConfig& c) { return c.mla.has_value(); }

// The layers that are not mixtures when the others are: DeepSeek's come first.
std::int64_t leading_dense_layers(const ModelConfig& c) {
  std::int64_t count = 0;
  while (count < c.num_hidden_layers && !c.is_moe_layer(count)) ++count;
  return count;
}

Json rope_scaling(const RopeConfig& rope) {
  switch (rope.scaling) {
    case RopeScaling::none:
      return nullptr;
    case RopeScaling::linear:
      return {{"rope_type", "linear"}, {"type", "linear"}, {"factor", rope.factor}};
    case RopeScaling::llama3:
      return {{"rope_type", "llama3"},
              {"factor", rope.factor},
              {"low_freq_factor", rope.low_freq_factor},
              {"high_freq_factor", rope.high_freq_factor},
              {"original_max_position_embeddings", rope.original_max_position_embeddings}};
    case RopeScaling::yarn:
      break;
  }
  Json yarn = {{"rope_type", "yarn"},
               {"type", "yarn"},
               {"factor", rope.factor},
               {"beta_fast", rope.beta_fast},
               {"beta_slow", rope.beta_slow},
               {"original_max_position_embeddings", rope.original_max_position_embeddings}};
  if (rope.mscale != 0) yarn["mscale"] = rope.mscale;
  if (rope.mscale_all_dim != 0) yarn["mscale_all_dim"] = rope.mscale_all_dim;
  if (rope.attention_factor != 0) yarn["attention_factor"] = rope.attention_factor;
  return yarn;
}

void add_deepseek(const ModelConfig& c, Json& json) {
  const MlaConfig& m = *c.mla;
  json["q_lora_rank"] = m.q_lora_rank == 0 ? Json() : Json(m.q_lora_rank);
  json["kv_lora_rank"] = m.kv_lora_rank;
  json["qk_nope_head_dim"] = m.qk_nope_head_dim;
  json["qk_rope_head_dim"] = m.qk_rope_head_dim;
  json["v_head_dim"] = m.v_head_dim;
  json["num_nextn_predict_layers"] = c.num_nextn_predict_layers;
  if (!c.moe) return;
  const ops::RouterConfig& router = c.moe->router;
  const bool v3 = c.architecture == Architecture::deepseek_v3;
  json["n_routed_experts"] = router.n_routed_experts;
  json["n_shared_experts"] = c.moe->n_shared_experts;
  json["num_experts_per_tok"] = router.num_experts_per_tok;
  json["moe_intermediate_size"] = c.moe->moe_intermediate_size;
  json["first_k_dense_replace"] = leading_dense_layers(c);
  json["moe_layer_freq"] = 1;
  json["n_group"] = router.n_group;
  json["topk_group"] = router.topk_group;
  json["norm_topk_prob"] = router.norm_topk_prob;
  json["routed_scaling_factor"] = router.routed_scaling_factor;
  json["scoring_func"] = v3 ? "sigmoid" : "softmax";
  json["topk_method"] = v3 ? "noaux_tc" : router.n_group > 1 ? "group_limited_greedy" : "greedy";
}

void add_qwen_moe(const ModelConfig& c, Json& json) {
  json["num_experts"] = c.moe->router.n_routed_experts;
  json["num_experts_per_tok"] = c.moe->router.num_experts_per_tok;
  json["moe_intermediate_size"] = c.moe->moe_intermediate_size;
  json["norm_topk_prob"] = c.moe->router.norm_topk_prob;
  json["decoder_sparse_step"] = 1;
  json["mlp_only_layers"] = Json::array();
  for (std::int64_t i = 0; i < c.num_hidden_layers; ++i) {
    if (!c.is_moe_layer(i)) json["mlp_only_layers"].push_back(i);
  }
}

// Sets keys under the architecture's name.
struct Keys {
  formats::GgufMetadataBuilder& metadata;
  std::string prefix;

  void integer(const std::string& key, std::int64_t value) const {
    metadata.set_u32(prefix + key, static_cast<std::uint32_t>(value));
  }
  void number(const std::string& key, double value) const {
    metadata.set_float(prefix + key, static_cast<float>(value));
  }
};

void set_gguf_mla(const ModelConfig& c, const Keys& keys) {
  const MlaConfig& m = *c.mla;
  if (m.q_lora_rank != 0) keys.integer("attention.q_lora_rank", m.q_lora_rank);
  keys.integer("attention.kv_lora_rank", m.kv_lora_rank);
  keys.integer("rope.dimension_count", m.qk_rope_head_dim);
  // The latent cache looks like one key head; the real heads go by *_mla.
  keys.integer("attention.head_count_kv", 1);
  keys.integer("attention.key_length", m.kv_lora_rank + m.qk_rope_head_dim);
  keys.integer("attention.value_length", m.kv_lora_rank);
  keys.integer("attention.key_length_mla", m.qk_nope_head_dim + m.qk_rope_head_dim);
  keys.integer("attention.value_length_mla", m.v_head_dim);
}

void set_gguf_moe(const ModelConfig& c, const Keys& keys) {
  const ops::RouterConfig& router = c.moe->router;
  keys.integer("expert_count", router.n_routed_experts);
  keys.integer("expert_used_count", router.num_experts_per_tok);
  keys.integer("expert_feed_forward_length", c.moe->moe_intermediate_size);
  if (!is_deepseek(c)) {
    require(router.norm_topk_prob,
            "llama.cpp always normalises the weights of qwen3_moe; this model does not");
    require(leading_dense_layers(c) == 0,
            "llama.cpp has no dense layers in qwen3_moe; this model does");
    return;
  }
  const std::int64_t dense = leading_dense_layers(c);
  for (std::int64_t i = dense; i < c.num_hidden_layers; ++i) {
    require(c.is_moe_layer(i), "llama.cpp wants dense layers first; layer {} is dense again", i);
  }
  keys.integer("leading_dense_block_count", dense);
  keys.integer("expert_shared_count", c.moe->n_shared_experts);
  keys.number("expert_weights_scale", static_cast<double>(router.routed_scaling_factor));
  keys.metadata.set_bool(keys.prefix + "expert_weights_norm", router.norm_topk_prob);
  keys.integer("expert_group_count", router.n_group);
  keys.integer("expert_group_used_count", router.topk_group);
  keys.integer("expert_gating_func", router.scoring == ops::RouterScore::sigmoid ? 2 : 1);
}

void set_gguf_rope(const ModelConfig& c, const Keys& keys) {
  const RopeConfig& rope = c.rope;
  keys.number("rope.freq_base", rope.theta);
  if (rope.scaling == RopeScaling::none || rope.scaling == RopeScaling::llama3) return;
  const bool yarn = rope.scaling == RopeScaling::yarn;
  keys.metadata.set_string(keys.prefix + "rope.scaling.type", yarn ? "yarn" : "linear");
  keys.number("rope.scaling.factor", rope.factor);
  if (!yarn) return;
  keys.integer("rope.scaling.original_context_length", rope.original_max_position_embeddings);
  keys.number("rope.scaling.yarn_beta_fast", rope.beta_fast);
  keys.number("rope.scaling.yarn_beta_slow", rope.beta_slow);
  if (is_deepseek(c)) {
    const double magnitude = static_cast<double>(make_rope(rope).magnitude);
    require(std::abs(magnitude - 1) < 1e-6,
            "llama.cpp has no key for an mscale unlike mscale_all_dim ({} and {})", rope.mscale,
            rope.mscale_all_dim);
    keys.number("rope.scaling.yarn_log_multiplier", 0.1 * rope.mscale_all_dim);
  }
}

}  // namespace

Json hf_config(const ModelConfig& c, const std::string& dtype) {
  Json json = {
      {"architectures", Json::array({names_of(c.architecture).class_name})},
      {"model_type", architecture_name(c.architecture)},
      {"torch_dtype", dtype},
      {"vocab_size", c.vocab_size},
      {"hidden_size", c.hidden_size},
      {"intermediate_size", c.intermediate_size},
      {"num_hidden_layers", c.num_hidden_layers},
      {"num_attention_heads", c.num_attention_heads},
      {"num_key_value_heads", is_deepseek(c) ? c.num_attention_heads : c.num_key_value_heads},
      {"max_position_embeddings", c.max_position_embeddings},
      {"rms_norm_eps", c.rms_norm_eps},
      {"rope_theta", c.rope.theta},
      {"rope_scaling", rope_scaling(c.rope)},
      {"tie_word_embeddings", c.tie_word_embeddings},
      {"hidden_act", "silu"}};
  if (is_deepseek(c)) {
    add_deepseek(c, json);
  } else {
    json["head_dim"] = c.head_dim;
    if (c.moe) add_qwen_moe(c, json);
  }
  if (c.architecture != Architecture::qwen2) json["attention_bias"] = c.o_bias;
  return json;
}

void set_gguf_config(const ModelConfig& c, formats::GgufMetadataBuilder& metadata) {
  const std::string name = names_of(c.architecture).gguf;
  metadata.set_string("general.architecture", name);
  const Keys keys{metadata, name + "."};
  keys.integer("block_count", c.num_hidden_layers + c.num_nextn_predict_layers);
  keys.integer("context_length", c.max_position_embeddings);
  keys.integer("embedding_length", c.hidden_size);
  keys.integer("feed_forward_length", c.intermediate_size);
  keys.integer("attention.head_count", c.num_attention_heads);
  keys.number("attention.layer_norm_rms_epsilon", static_cast<double>(c.rms_norm_eps));
  keys.integer("vocab_size", c.vocab_size);
  if (c.num_nextn_predict_layers > 0)
    keys.integer("nextn_predict_layers", c.num_nextn_predict_layers);
  set_gguf_rope(c, keys);
  if (is_deepseek(c)) {
    set_gguf_mla(c, keys);
  } else {
    keys.integer("attention.head_count_kv", c.num_key_value_heads);
    keys.integer("attention.key_length", c.head_dim);
    keys.integer("attention.value_length", c.head_dim);
    keys.integer("rope.dimension_count", c.head_dim);
  }
  if (c.moe) set_gguf_moe(c, keys);
}

std::vector<float> llama3_divisors(const RopeConfig& config) {
  if (config.scaling != RopeScaling::llama3) return {};
  RopeConfig plain = config;
  plain.scaling = RopeScaling::none;
  const ops::Rope scaled = make_rope(config);
  const ops::Rope unscaled = make_rope(plain);
  std::vector<float> divisors;
  for (std::size_t i = 0; i < scaled.frequencies.size(); ++i) {
    divisors.push_back(static_cast<float>(unscaled.frequencies[i] / scaled.frequencies[i]));
  }
  return divisors;
}

RopeConfig with_llama3_divisors(RopeConfig config, std::span<const float> divisors,
                                const std::string& what) {
  if (divisors.empty()) return config;
  config.scaling = RopeScaling::llama3;
  config.factor =
      static_cast<double>(divisors.back());  // the slowest dim is slowed by the whole factor
  config.low_freq_factor = 1;
  config.high_freq_factor = 4;
  config.original_max_position_embeddings = 8192;
  const std::vector<float> made = llama3_divisors(config);
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    require(std::abs(made[i] - divisors[i]) <= 1e-4F * divisors[i],
            "{}: its rope_freqs.weight is not Llama 3's scaling as published, so no config.json "
            "can say it",
            what);
  }
  return config;
}

}  // namespace frugal::models

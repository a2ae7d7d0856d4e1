// The metadata of GGUF files, in the dialects that llama.cpp's converters have written.
#include <algorithm>
#include <functional>

#include "base/error.h"
#include "models/config.h"

namespace frugal::models {

namespace {

using formats::GgufMetadata;
using HasTensor = std::function<bool(const std::string&)>;

// Keys stand under the architecture's name: "llama.block_count".
class Keys {
 public:
  Keys(const GgufMetadata& metadata, std::string prefix)
      : metadata_(metadata), prefix_(std::move(prefix)) {}

  std::string name(const std::string& key) const { return prefix_ + "." + key; }
  std::string what() const { return metadata_.file().string(); }
  std::int64_t integer(const std::string& key) const { return metadata_.get_int(name(key)); }
  std::int64_t integer(const std::string& key, std::int64_t otherwise) const {
    return metadata_.find_int(name(key)).value_or(otherwise);
  }
  double number(const std::string& key, double otherwise) const {
    return metadata_.find_float(name(key)).value_or(otherwise);
  }
  bool boolean(const std::string& key, bool otherwise) const {
    return metadata_.find_bool(name(key)).value_or(otherwise);
  }
  std::string string(const std::string& key, const std::string& otherwise) const {
    return std::string(metadata_.find_string(name(key)).value_or(otherwise));
  }
  bool has(const std::string& key) const { return metadata_.contains(name(key)); }

  /// A value that some files give once and some as one number per layer; the layers must agree.
  std::int64_t uniform_integer(const std::string& key, std::int64_t otherwise) const {
    if (!has(key) || !metadata_.is_array(name(key))) return integer(key, otherwise);
    const std::vector<std::int64_t> values = metadata_.get_ints(name(key));
    const bool equal = !values.empty() && std::ranges::all_of(values, [&](std::int64_t value) {
      return value == values.front();
    });
    require(equal, "{}: {} differs from layer to layer, which is not supported", what(), name(key));
    return values.front();
  }

 private:
  const GgufMetadata& metadata_;
  std::string prefix_;
};

Architecture architecture_of(const GgufMetadata& metadata, const Keys& keys) {
  const std::string name(metadata.get_string("general.architecture"));
  if (name == "llama") return Architecture::llama;
  if (name == "qwen2") return Architecture::qwen2;
  if (name == "qwen3") return Architecture::qwen3;
  if (name == "qwen3moe") return Architecture::qwen3_moe;
  if (name == "deepseek2") {
    // V2 and V3 share a name; what tells them apart is the gate.
    return keys.integer("expert_gating_func", 1) == 2 ? Architecture::deepseek_v3
                                                      : Architecture::deepseek_v2;
  }
  fail("{}: unknown architecture {}; known are llama, qwen2, qwen3, qwen3moe, deepseek2",
       keys.what(), printable(name));
}

void read_rope(const Keys& keys, const HasTensor& has_tensor, ModelConfig& c) {
  RopeConfig& rope = c.rope;
  rope.theta = keys.number("rope.freq_base", 10000);
  // llama's rows are permuted by the converter so that pairs are neighbours; DeepSeek's always
  // were.
  rope.interleaved = c.architecture == Architecture::llama || c.mla.has_value();
  const std::string type = keys.string("rope.scaling.type", "none");
  if (type == "linear") {
    rope.scaling = RopeScaling::linear;
    rope.factor = keys.number("rope.scaling.factor", 1);
  } else if (type == "yarn") {
    rope.scaling = RopeScaling::yarn;
    rope.factor = keys.number("rope.scaling.factor", 1);
    rope.original_max_position_embeddings =
        keys.integer("rope.scaling.original_context_length", c.max_position_embeddings);
    rope.beta_fast = keys.number("rope.scaling.yarn_beta_fast", 32);
    rope.beta_slow = keys.number("rope.scaling.yarn_beta_slow", 1);
    if (c.mla) {
      // The file holds 0.1 * mscale_all_dim; cos and sin stay as they are, since DeepSeek's mscale
      // and mscale_all_dim are equal and cancel there.
      rope.mscale_all_dim = 10 * keys.number("rope.scaling.yarn_log_multiplier", 0);
      rope.attention_factor = 1;
    } else {
      rope.attention_factor = keys.number("rope.scaling.attn_factor", 0);
    }
  } else {
    require(type == "none", "{}: unknown rope scaling {}; known are none, linear and yarn",
            keys.what(), printable(type));
  }
  // Llama 3's scaling comes as one divisor per frequency, which the loader applies.
  require(!has_tensor("rope_freqs.weight") || rope.scaling == RopeScaling::none,
          "{}: rope_freqs.weight together with rope scaling {}", keys.what(), type);
}

void read_mla(const Keys& keys, ModelConfig& c) {
  MlaConfig mla;
  mla.q_lora_rank = keys.integer("attention.q_lora_rank", 0);
  mla.kv_lora_rank = keys.integer("attention.kv_lora_rank");
  mla.qk_rope_head_dim = keys.integer("rope.dimension_count");
  // Files with split kv_b describe the latent cache in key_length and the heads in *_mla.
  const std::int64_t key_length =
      keys.integer("attention.key_length_mla", keys.integer("attention.key_length"));
  mla.v_head_dim =
      keys.integer("attention.value_length_mla", keys.integer("attention.value_length"));
  mla.qk_nope_head_dim = key_length - mla.qk_rope_head_dim;
  c.mla = mla;
  c.rope.dim = mla.qk_rope_head_dim;
}

void read_experts(const Keys& keys, const HasTensor& has_tensor, ModelConfig& c) {
  ops::RouterConfig router;
  router.n_routed_experts = keys.integer("expert_count", 0);
  if (router.n_routed_experts == 0) return;
  router.num_experts_per_tok = keys.integer("expert_used_count");
  router.n_group = std::max<std::int64_t>(1, keys.integer("expert_group_count", 1));
  router.topk_group = std::max<std::int64_t>(1, keys.integer("expert_group_used_count", 1));
  const double scale = keys.number("expert_weights_scale", 1);
  router.routed_scaling_factor = scale == 0 ? 1.0F : static_cast<float>(scale);
  const bool qwen = c.architecture == Architecture::qwen3_moe;
  router.norm_topk_prob = keys.boolean("expert_weights_norm", qwen);
  const std::int64_t gating = keys.integer("expert_gating_func", 1);
  require(gating == 1 || gating == 2,
          "{}: unknown expert_gating_func {}; known are 1 (softmax) and 2 (sigmoid)", keys.what(),
          gating);
  if (gating == 2) {
    router.scoring = ops::RouterScore::sigmoid;
    router.group_score = ops::GroupScore::sum_of_top_two;
  }
  MoeConfig moe{router,
                false,
                keys.integer("expert_shared_count", 0),
                keys.integer("expert_feed_forward_length"),
                {}};
  const std::int64_t layers = std::clamp<std::int64_t>(c.num_hidden_layers, 0, 4096);
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string layer = "blk." + std::to_string(i);
    moe.is_moe_layer.push_back(has_tensor(layer + ".ffn_gate_inp.weight"));
    moe.has_bias = moe.has_bias || has_tensor(layer + ".exp_probs_b.bias");
  }
  c.moe = moe;
}

void read_plain_attention(const Keys& keys, const HasTensor& has_tensor, ModelConfig& c) {
  const std::int64_t heads = c.num_attention_heads;
  const std::int64_t even_share = heads > 0 ? c.hidden_size / heads : 0;
  c.num_key_value_heads = keys.uniform_integer("attention.head_count_kv", heads);
  c.head_dim = keys.integer("attention.key_length", even_share);
  require(keys.integer("attention.value_length", c.head_dim) == c.head_dim,
          "{}: values of another width than keys are not supported", keys.what());
  c.rope.dim = keys.integer("rope.dimension_count", c.head_dim);
  c.qkv_bias = has_tensor("blk.0.attn_q.bias");
  c.o_bias = has_tensor("blk.0.attn_output.bias");
  c.qk_norm = c.architecture == Architecture::qwen3 || c.architecture == Architecture::qwen3_moe;
}

std::int64_t vocabulary_of(const GgufMetadata& metadata, const Keys& keys) {
  if (keys.has("vocab_size")) return keys.integer("vocab_size");
  const auto* tokens = metadata.find_strings("tokenizer.ggml.tokens");
  require(tokens != nullptr, "{}: neither {} nor tokenizer.ggml.tokens tells the vocabulary",
          keys.what(), keys.name("vocab_size"));
  return static_cast<std::int64_t>(tokens->size());
}

}  // namespace

ModelConfig parse_gguf_config(const GgufMetadata& metadata, const HasTensor& has_tensor) {
  const Keys keys(metadata, std::string(metadata.get_string("general.architecture")));
  ModelConfig c;
  c.architecture = architecture_of(metadata, keys);
  c.vocab_size = vocabulary_of(metadata, keys);
  c.hidden_size = keys.integer("embedding_length");
  c.num_nextn_predict_layers = keys.integer("nextn_predict_layers", 0);
  c.num_hidden_layers = keys.integer("block_count") - c.num_nextn_predict_layers;
  c.intermediate_size = keys.uniform_integer("feed_forward_length", 0);
  c.num_attention_heads = keys.uniform_integer("attention.head_count", 0);
  c.max_position_embeddings = keys.integer("context_length");
  c.rms_norm_eps = static_cast<float>(keys.number("attention.layer_norm_rms_epsilon", 1e-6));
  c.tie_word_embeddings = !has_tensor("output.weight");
  const bool deepseek =
      c.architecture == Architecture::deepseek_v2 || c.architecture == Architecture::deepseek_v3;
  if (deepseek) {
    read_mla(keys, c);
  } else {
    read_plain_attention(keys, has_tensor, c);
  }
  read_experts(keys, has_tensor, c);
  read_rope(keys, has_tensor, c);
  if (c.intermediate_size == 0 && c.moe) c.intermediate_size = c.moe->moe_intermediate_size;
  require(keys.integer("attention.sliding_window", 0) == 0,
          "{}: sliding window attention is not supported", keys.what());
  check_config(c, keys.what());
  return c;
}

}  // namespace frugal::models

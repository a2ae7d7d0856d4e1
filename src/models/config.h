// What a model is: every number that its arithmetic depends on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "formats/gguf.h"
#include "ops/moe/router.h"

namespace frugal::models {

enum class Architecture { llama, qwen2, qwen3, qwen3_moe, deepseek_v2, deepseek_v3 };

/// How each kind of file calls it.
struct ArchitectureNames {
  const char* model_type;  // in config.json
  const char* class_name;  // of transformers, "LlamaForCausalLM"
  const char* gguf;        // general.architecture; V2 and V3 of DeepSeek share one
};
const ArchitectureNames& names_of(Architecture architecture);

/// As config.json's model_type spells it.
inline const char* architecture_name(Architecture architecture) {
  return names_of(architecture).model_type;
}
/// The architecture of this model_type; throws Error naming `what` and listing the known ones.
Architecture architecture_of_model_type(const std::string& model_type, const std::string& what);

enum class RopeScaling { none, linear, llama3, yarn };

/// Position embeddings. Fields beyond theta and dim matter for the scaling that uses them.
struct RopeConfig {
  double theta = 10000;
  std::int64_t dim = 0;      // values of a head that turn
  bool interleaved = false;  // pairs (x0, x1) ...; otherwise (x0, x[dim / 2]) ...
  RopeScaling scaling = RopeScaling::none;
  double factor = 1;
  std::int64_t original_max_position_embeddings = 0;
  double low_freq_factor = 1;   // llama3
  double high_freq_factor = 4;  // llama3
  double beta_fast = 32;        // yarn
  double beta_slow = 1;         // yarn
  double mscale = 0;            // yarn; 0 when the configuration does not give it
  double mscale_all_dim = 0;    // yarn; 0 likewise
  double attention_factor = 0;  // yarn: on cos and sin; 0 to derive it from the others
};

/// Multi-head latent attention; absent in models with plain attention.
struct MlaConfig {
  std::int64_t q_lora_rank = 0;  // 0: queries come straight from the hidden state
  std::int64_t kv_lora_rank = 0;
  std::int64_t qk_nope_head_dim = 0;
  std::int64_t qk_rope_head_dim = 0;
  std::int64_t v_head_dim = 0;
};

/// Mixture of experts; absent in dense models.
struct MoeConfig {
  ops::RouterConfig router;
  bool has_bias = false;  // e_score_correction_bias, which chooses and never weighs
  std::int64_t n_shared_experts = 0;
  std::int64_t moe_intermediate_size = 0;
  std::vector<bool> is_moe_layer;  // [num_hidden_layers]; the others are dense
};

struct ModelConfig {
  Architecture architecture = Architecture::llama;
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;  // of dense feed-forward layers
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;
  std::int64_t head_dim = 0;  // plain attention
  std::int64_t max_position_embeddings = 0;
  std::int64_t num_nextn_predict_layers = 0;  // MTP layers, stored after the others
  float rms_norm_eps = 1e-6F;
  bool tie_word_embeddings = false;
  bool qkv_bias = false;  // on q, k, v (with MLA: on the two down-projections)
  bool o_bias = false;    // on the output projection
  bool qk_norm = false;   // a norm on each head's query and key (Qwen3)
  RopeConfig rope;
  std::optional<MlaConfig> mla;
  std::optional<MoeConfig> moe;

  bool is_moe_layer(std::int64_t layer) const;
  /// The factor on q k^T: 1 / sqrt of the head's width, times YaRN's squared mscale in DeepSeek.
  float attention_scale() const;
};

/// From a Hugging Face config.json. `what` names it in errors. Throws Error on unknown model types,
/// on keys and values that would change the arithmetic in a way that is not supported, on missing
/// keys and on sizes that make no sense.
ModelConfig parse_hf_config(const Json& config, const std::string& what);

/// From GGUF metadata; has_tensor tells which tensors there are, since GGUF leaves some facts to
/// them (tied embeddings, biases).
ModelConfig parse_gguf_config(const formats::GgufMetadata& metadata,
                              const std::function<bool(const std::string&)>& has_tensor);

/// Throws Error naming `what` when sizes are not positive, do not divide or are absurdly large.
void check_config(const ModelConfig& config, const std::string& what);

}  // namespace frugal::models

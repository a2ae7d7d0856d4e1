#include "models/config.h"

#include <array>
#include <cmath>

#include "base/error.h"

namespace frugal::models {

namespace {

// In the order of the enumeration.
constexpr std::array<ArchitectureNames, 6> kArchitectures{{
    {"llama", "LlamaForCausalLM", "llama"},
    {"qwen2", "Qwen2ForCausalLM", "qwen2"},
    {"qwen3", "Qwen3ForCausalLM", "qwen3"},
    {"qwen3_moe", "Qwen3MoeForCausalLM", "qwen3moe"},
    {"deepseek_v2", "DeepseekV2ForCausalLM", "deepseek2"},
    {"deepseek_v3", "DeepseekV3ForCausalLM", "deepseek2"},
}};

constexpr std::int64_t kLargestSize = 1 << 24;

void check_size(std::int64_t value, const char* name, const std::string& what) {
  require(value > 0 && value <= kLargestSize, "{}: {} is {}, expected 1 to {}", what, name, value,
          kLargestSize);
}

void check_attention(const ModelConfig& c, const std::string& what) {
  check_size(c.num_attention_heads, "num_attention_heads", what);
  if (c.mla) {
    check_size(c.mla->kv_lora_rank, "kv_lora_rank", what);
    check_size(c.mla->qk_nope_head_dim, "qk_nope_head_dim", what);
    check_size(c.mla->qk_rope_head_dim, "qk_rope_head_dim", what);
    check_size(c.mla->v_head_dim, "v_head_dim", what);
    if (c.mla->q_lora_rank != 0) check_size(c.mla->q_lora_rank, "q_lora_rank", what);
    require(c.rope.dim == c.mla->qk_rope_head_dim, "{}: {} rope dims, but qk_rope_head_dim is {}",
            what, c.rope.dim, c.mla->qk_rope_head_dim);
  } else {
    check_size(c.num_key_value_heads, "num_key_value_heads", what);
    check_size(c.head_dim, "head_dim", what);
    require(c.num_attention_heads % c.num_key_value_heads == 0,
            "{}: num_key_value_heads {} does not divide num_attention_heads {}", what,
            c.num_key_value_heads, c.num_attention_heads);
    require(c.rope.dim == c.head_dim, "{}: {} rope dims of a head of {} are not supported", what,
            c.rope.dim, c.head_dim);
  }
  require(c.rope.dim > 0 && c.rope.dim % 2 == 0, "{}: {} rope dims, expected an even number", what,
          c.rope.dim);
  require(c.rope.theta > 0 && std::isfinite(c.rope.theta), "{}: rope_theta is {}", what,
          c.rope.theta);
  if (c.rope.scaling != RopeScaling::none) {
    require(c.rope.factor >= 1 && std::isfinite(c.rope.factor),
            "{}: the rope scaling factor is {}, expected at least 1", what, c.rope.factor);
  }
  if (c.rope.scaling == RopeScaling::llama3 || c.rope.scaling == RopeScaling::yarn) {
    require(c.rope.original_max_position_embeddings > 0,
            "{}: rope scaling needs original_max_position_embeddings", what);
  }
}

void check_moe(const ModelConfig& c, const std::string& what) {
  const ops::RouterConfig& router = c.moe->router;
  check_size(router.n_routed_experts, "n_routed_experts", what);
  check_size(c.moe->moe_intermediate_size, "moe_intermediate_size", what);
  require(c.moe->n_shared_experts >= 0 && c.moe->n_shared_experts <= 1024,
          "{}: n_shared_experts is {}", what, c.moe->n_shared_experts);
  require(router.n_group > 0 && router.n_routed_experts % router.n_group == 0,
          "{}: {} experts do not divide into {} groups", what, router.n_routed_experts,
          router.n_group);
  require(router.topk_group > 0 && router.topk_group <= router.n_group,
          "{}: {} of {} groups cannot be kept", what, router.topk_group, router.n_group);
  require(router.num_experts_per_tok > 0 && router.num_experts_per_tok <= router.n_routed_experts /
                                                                              router.n_group *
                                                                              router.topk_group,
          "{}: {} experts per token cannot be chosen out of {} in {} of {} groups", what,
          router.num_experts_per_tok, router.n_routed_experts, router.topk_group, router.n_group);
  require(router.group_score == ops::GroupScore::max || router.n_group == 1 ||
              router.n_routed_experts / router.n_group >= 2,
          "{}: groups of one expert have no second best score", what);
  require(static_cast<std::int64_t>(c.moe->is_moe_layer.size()) == c.num_hidden_layers,
          "{}: the list of mixture layers is not one per layer", what);
}

}  // namespace

const ArchitectureNames& names_of(Architecture architecture) {
  return kArchitectures.at(static_cast<std::size_t>(architecture));
}

Architecture architecture_of_model_type(const std::string& model_type, const std::string& what) {
  std::string known;
  for (std::size_t i = 0; i < kArchitectures.size(); ++i) {
    if (model_type == kArchitectures[i].model_type) return static_cast<Architecture>(i);
    known += (known.empty() ? "" : ", ") + std::string(kArchitectures[i].model_type);
  }
  fail("{}: unknown model_type {}; known are {}", what, printable(model_type), known);
}

bool ModelConfig::is_moe_layer(std::int64_t layer) const {
  if (!moe) return false;
  // MTP layers come after the others and are mixtures like the last of them.
  return layer >= num_hidden_layers || moe->is_moe_layer[static_cast<std::size_t>(layer)];
}

float ModelConfig::attention_scale() const {
  if (!mla) return 1.0F / std::sqrt(static_cast<float>(head_dim));
  double scale =
      1.0 / std::sqrt(static_cast<double>(mla->qk_nope_head_dim + mla->qk_rope_head_dim));
  if (rope.scaling != RopeScaling::none && rope.mscale_all_dim != 0 && rope.factor > 1) {
    const double mscale = 0.1 * rope.mscale_all_dim * std::log(rope.factor) + 1;
    scale *= mscale * mscale;
  }
  return static_cast<float>(scale);
}

void check_config(const ModelConfig& c, const std::string& what) {
  check_size(c.vocab_size, "vocab_size", what);
  check_size(c.hidden_size, "hidden_size", what);
  check_size(c.num_hidden_layers, "num_hidden_layers", what);
  require(c.num_hidden_layers <= 4096, "{}: num_hidden_layers is {}, expected at most 4096", what,
          c.num_hidden_layers);
  require(c.num_nextn_predict_layers >= 0 && c.num_nextn_predict_layers <= 16,
          "{}: num_nextn_predict_layers is {}", what, c.num_nextn_predict_layers);
  require(c.max_position_embeddings > 0, "{}: max_position_embeddings is {}", what,
          c.max_position_embeddings);
  require(c.rms_norm_eps > 0 && c.rms_norm_eps < 1, "{}: rms_norm_eps is {}", what, c.rms_norm_eps);
  check_size(c.intermediate_size, "intermediate_size", what);
  check_attention(c, what);
  if (c.moe) check_moe(c, what);
}

}  // namespace frugal::models

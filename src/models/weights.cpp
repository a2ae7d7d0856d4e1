#include "models/weights.h"

namespace frugal::models {

namespace {

// Hands sites to the visitor under a growing prefix.
struct Visitor {
  const ModelConfig& c;
  const std::function<void(const ParameterSite&, Parameter&)>& visit;

  void matrix(const std::string& name, Parameter& p, std::int64_t n, std::int64_t k) const {
    visit({name, ParameterKind::matrix, n, k}, p);
  }
  void vector(const std::string& name, Parameter& p, std::int64_t k) const {
    visit({name, ParameterKind::vector, 1, k}, p);
  }

  void attention(const std::string& prefix, AttentionWeights& w) const {
    const std::int64_t q = c.num_attention_heads * c.head_dim;
    const std::int64_t kv = c.num_key_value_heads * c.head_dim;
    matrix(prefix + "q_proj.weight", w.q, q, c.hidden_size);
    matrix(prefix + "k_proj.weight", w.k, kv, c.hidden_size);
    matrix(prefix + "v_proj.weight", w.v, kv, c.hidden_size);
    if (c.qkv_bias) {
      vector(prefix + "q_proj.bias", w.q_bias, q);
      vector(prefix + "k_proj.bias", w.k_bias, kv);
      vector(prefix + "v_proj.bias", w.v_bias, kv);
    }
    if (c.qk_norm) {
      vector(prefix + "q_norm.weight", w.q_norm, c.head_dim);
      vector(prefix + "k_norm.weight", w.k_norm, c.head_dim);
    }
    matrix(prefix + "o_proj.weight", w.o, c.hidden_size, q);
    if (c.o_bias) vector(prefix + "o_proj.bias", w.o_bias, c.hidden_size);
  }

  void mla(const std::string& prefix, MlaWeights& w) const {
    const MlaConfig& m = *c.mla;
    const std::int64_t heads = c.num_attention_heads;
    const std::int64_t q = heads * (m.qk_nope_head_dim + m.qk_rope_head_dim);
    if (m.q_lora_rank == 0) {
      matrix(prefix + "q_proj.weight", w.q, q, c.hidden_size);
    } else {
      matrix(prefix + "q_a_proj.weight", w.q_a, m.q_lora_rank, c.hidden_size);
      if (c.qkv_bias) vector(prefix + "q_a_proj.bias", w.q_a_bias, m.q_lora_rank);
      vector(prefix + "q_a_layernorm.weight", w.q_a_norm, m.q_lora_rank);
      matrix(prefix + "q_b_proj.weight", w.q_b, q, m.q_lora_rank);
    }
    const std::int64_t latent = m.kv_lora_rank + m.qk_rope_head_dim;
    matrix(prefix + "kv_a_proj_with_mqa.weight", w.kv_a, latent, c.hidden_size);
    if (c.qkv_bias) vector(prefix + "kv_a_proj_with_mqa.bias", w.kv_a_bias, latent);
    vector(prefix + "kv_a_layernorm.weight", w.kv_a_norm, m.kv_lora_rank);
    matrix(prefix + "kv_b_proj.weight", w.kv_b, heads * (m.qk_nope_head_dim + m.v_head_dim),
           m.kv_lora_rank);
    matrix(prefix + "o_proj.weight", w.o, c.hidden_size, heads * m.v_head_dim);
    if (c.o_bias) vector(prefix + "o_proj.bias", w.o_bias, c.hidden_size);
  }

  void feed_forward(const std::string& prefix, FeedForwardWeights& w, std::int64_t width) const {
    matrix(prefix + "gate_proj.weight", w.gate, width, c.hidden_size);
    matrix(prefix + "up_proj.weight", w.up, width, c.hidden_size);
    matrix(prefix + "down_proj.weight", w.down, c.hidden_size, width);
  }

  void moe(const std::string& prefix, MoeWeights& w) const {
    const MoeConfig& m = *c.moe;
    matrix(prefix + "gate.weight", w.router, m.router.n_routed_experts, c.hidden_size);
    if (m.has_bias)
      vector(prefix + "gate.e_score_correction_bias", w.bias, m.router.n_routed_experts);
    w.experts.resize(static_cast<std::size_t>(m.router.n_routed_experts));
    for (std::size_t e = 0; e < w.experts.size(); ++e) {
      feed_forward(prefix + "experts." + std::to_string(e) + ".", w.experts[e],
                   m.moe_intermediate_size);
    }
    if (m.n_shared_experts > 0) {
      feed_forward(prefix + "shared_experts.", w.shared,
                   m.n_shared_experts * m.moe_intermediate_size);
    }
  }

  void layer(std::int64_t index, LayerWeights& w) const {
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    vector(prefix + "input_layernorm.weight", w.attention_norm, c.hidden_size);
    if (c.mla) {
      mla(prefix + "self_attn.", as<MlaWeights>(w.attention));
    } else {
      attention(prefix + "self_attn.", as<AttentionWeights>(w.attention));
    }
    vector(prefix + "post_attention_layernorm.weight", w.feed_forward_norm, c.hidden_size);
    if (c.is_moe_layer(index)) {
      moe(prefix + "mlp.", as<MoeWeights>(w.feed_forward));
    } else {
      feed_forward(prefix + "mlp.", as<FeedForwardWeights>(w.feed_forward), c.intermediate_size);
    }
  }

  void mtp(std::int64_t index, MtpWeights& w) const {
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    vector(prefix + "enorm.weight", w.embedding_norm, c.hidden_size);
    vector(prefix + "hnorm.weight", w.hidden_norm, c.hidden_size);
    matrix(prefix + "eh_proj.weight", w.projection, c.hidden_size, 2 * c.hidden_size);
    layer(index, w.layer);
    vector(prefix + "shared_head.norm.weight", w.norm, c.hidden_size);
  }

  /// The alternative T, made when the variant holds another.
  template <typename T, typename Variant>
  static T& as(Variant& variant) {
    if (!std::holds_alternative<T>(variant)) variant.template emplace<T>();
    return std::get<T>(variant);
  }
};

}  // namespace

void for_each_parameter(const ModelConfig& config, Weights& weights,
                        const std::function<void(const ParameterSite&, Parameter&)>& visit) {
  const Visitor visitor{config, visit};
  weights.layers.resize(static_cast<std::size_t>(config.num_hidden_layers));
  weights.mtp.resize(static_cast<std::size_t>(config.num_nextn_predict_layers));
  visitor.matrix("model.embed_tokens.weight", weights.embedding, config.vocab_size,
                 config.hidden_size);
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    visitor.layer(static_cast<std::int64_t>(i), weights.layers[i]);
  }
  visitor.vector("model.norm.weight", weights.norm, config.hidden_size);
  if (!config.tie_word_embeddings) {
    visitor.matrix("lm_head.weight", weights.head, config.vocab_size, config.hidden_size);
  }
  for (std::size_t i = 0; i < weights.mtp.size(); ++i) {
    visitor.mtp(config.num_hidden_layers + static_cast<std::int64_t>(i), weights.mtp[i]);
  }
}

std::int64_t count_parameters(const ModelConfig& config) {
  std::int64_t total = 0;
  Weights weights;
  for_each_parameter(config, weights,
                     [&](const ParameterSite& site, Parameter&) { total += site.n * site.k; });
  return total;
}

}  // namespace frugal::models

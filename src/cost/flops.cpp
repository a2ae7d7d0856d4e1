#include "cost/flops.h"

namespace frugal::cost {

namespace {

using models::ModelConfig;

double attention_parameters(const ModelConfig& c) {
  const auto hidden = static_cast<double>(c.hidden_size);
  const auto heads = static_cast<double>(c.num_attention_heads);
  if (!c.mla) {
    const double q = heads * static_cast<double>(c.head_dim);
    const double kv = static_cast<double>(c.num_key_value_heads * c.head_dim);
    return hidden * (2 * q + 2 * kv);  // q and o, k and v
  }
  const models::MlaConfig& m = *c.mla;
  const auto q_rank = static_cast<double>(m.q_lora_rank);
  const auto kv_rank = static_cast<double>(m.kv_lora_rank);
  const double q = heads * static_cast<double>(m.qk_nope_head_dim + m.qk_rope_head_dim);
  const double v = heads * static_cast<double>(m.v_head_dim);
  const double queries = m.q_lora_rank == 0 ? hidden * q : hidden * q_rank + q_rank * q;
  const double down = hidden * (kv_rank + static_cast<double>(m.qk_rope_head_dim));
  const double up = kv_rank * (heads * static_cast<double>(m.qk_nope_head_dim) + v);
  return queries + down + up + v * hidden;
}

double feed_forward_parameters(const ModelConfig& c, std::int64_t layer) {
  const auto hidden = static_cast<double>(c.hidden_size);
  if (!c.is_moe_layer(layer)) return 3 * hidden * static_cast<double>(c.intermediate_size);
  const auto active =
      static_cast<double>(c.moe->router.num_experts_per_tok + c.moe->n_shared_experts);
  const auto router = hidden * static_cast<double>(c.moe->router.n_routed_experts);
  return router + active * 3 * hidden * static_cast<double>(c.moe->moe_intermediate_size);
}

// Multiply-adds of one token with one position of its context, in all heads of a layer.
double attention_products(const ModelConfig& c) {
  const auto heads = static_cast<double>(c.num_attention_heads);
  if (!c.mla) return heads * 2 * static_cast<double>(c.head_dim);
  const models::MlaConfig& m = *c.mla;
  return heads * static_cast<double>(m.qk_nope_head_dim + m.qk_rope_head_dim + m.v_head_dim);
}

}  // namespace

double active_matmul_parameters(const ModelConfig& c) {
  double total =
      static_cast<double>(c.vocab_size) * static_cast<double>(c.hidden_size);  // the head
  for (std::int64_t layer = 0; layer < c.num_hidden_layers; ++layer) {
    total += attention_parameters(c) + feed_forward_parameters(c, layer);
  }
  return total;
}

TokenFlops forward_flops(const ModelConfig& c, double context, bool causal) {
  const double positions = causal ? context / 2 : context;
  return {2 * active_matmul_parameters(c),
          2 * positions * attention_products(c) * static_cast<double>(c.num_hidden_layers)};
}

double training_flops(const ModelConfig& config, double context, bool causal) {
  return 3 * forward_flops(config, context, causal).total();
}

}  // namespace frugal::cost

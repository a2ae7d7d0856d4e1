// The parameters of every architecture, and the one visitor over them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "autograd/parameter.h"
#include "models/config.h"
#include "ops/mla/mla.h"

namespace frugal::models {

using autograd::Parameter;

struct AttentionWeights {
  Parameter q, k, v, o;              // [heads * head_dim, hidden] ... [hidden, heads * head_dim]
  Parameter q_bias, k_bias, v_bias;  // empty without qkv_bias
  Parameter o_bias;                  // empty without o_bias
  Parameter q_norm, k_norm;          // [head_dim], empty without qk_norm
};

struct MlaWeights {
  Parameter q;                            // [heads * (nope + rope), hidden], when q_lora_rank is 0
  Parameter q_a, q_a_norm;                // [q_lora_rank, hidden], [q_lora_rank]
  Parameter q_b;                          // [heads * (nope + rope), q_lora_rank]
  Parameter kv_a, kv_a_norm;              // [kv_lora_rank + rope, hidden], [kv_lora_rank]
  Parameter kv_b;                         // [heads * (nope + v), kv_lora_rank]
  Parameter o;                            // [hidden, heads * v]
  ops::AbsorbedWeights absorbed;          // takes the place of kv_b once packed for that form
  Parameter q_a_bias, kv_a_bias, o_bias;  // empty without attention_bias
};

/// down(silu(gate(x)) * up(x)): a dense layer, a shared expert or one of the routed ones.
struct FeedForwardWeights {
  Parameter gate, up;  // [width, hidden]
  Parameter down;      // [hidden, width]
};

struct MoeWeights {
  Parameter router;  // [n_routed_experts, hidden]
  Parameter bias;    // [n_routed_experts], empty when there is none
  std::vector<FeedForwardWeights> experts;
  FeedForwardWeights
      shared;  // of width n_shared_experts * moe_intermediate_size; empty when there is none
};

struct LayerWeights {
  Parameter attention_norm;  // [hidden]
  std::variant<AttentionWeights, MlaWeights> attention;
  Parameter feed_forward_norm;  // [hidden]
  std::variant<FeedForwardWeights, MoeWeights> feed_forward;
};

/// Multi-token prediction: one more layer that sees the hidden state and the next token.
struct MtpWeights {
  Parameter embedding_norm;  // enorm [hidden]
  Parameter hidden_norm;     // hnorm [hidden]
  Parameter projection;      // eh_proj [hidden, 2 * hidden], of [embedding, hidden state]
  LayerWeights layer;
  Parameter norm;  // shared_head.norm [hidden]
};

struct Weights {
  Parameter embedding;  // [vocab_size, hidden]
  std::vector<LayerWeights> layers;
  Parameter norm;  // [hidden]
  Parameter head;  // [vocab_size, hidden]; empty when tied to the embedding
  std::vector<MtpWeights> mtp;

  const Parameter& output_head() const { return head.empty() ? embedding : head; }
};

/// How a parameter is stored: a matrix of any dtype, or a vector kept in float32.
enum class ParameterKind { matrix, vector };

/// Where a visitor stands.
struct ParameterSite {
  std::string name;  // Hugging Face's name: "model.layers.0.self_attn.q_proj.weight"
  ParameterKind kind = ParameterKind::matrix;
  std::int64_t n = 0;  // rows; 1 for a vector
  std::int64_t k = 0;
};

/// Calls visit(site, parameter) for every parameter that a model of this configuration has, in the
/// order of the forward pass, first sizing the lists of layers and experts. Loading, saving,
/// counting and the optimizer all go through here.
void for_each_parameter(const ModelConfig& config, Weights& weights,
                        const std::function<void(const ParameterSite&, Parameter&)>& visit);

/// Number of values of all parameters.
std::int64_t count_parameters(const ModelConfig& config);

}  // namespace frugal::models

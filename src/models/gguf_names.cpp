#include "models/gguf_names.h"

#include <array>
#include <charconv>
#include <string_view>

#include "base/error.h"

namespace frugal::models {

namespace {

struct NamePair {
  std::string_view hf;
  std::string_view gguf;
};

constexpr std::array kWhole{
    NamePair{"model.embed_tokens.weight", "token_embd.weight"},
    NamePair{"model.norm.weight", "output_norm.weight"},
    NamePair{"lm_head.weight", "output.weight"},
};

// Within a layer, without the ".weight" or ".bias" at the end.
constexpr std::array kInLayer{
    NamePair{"input_layernorm", "attn_norm"},
    NamePair{"post_attention_layernorm", "ffn_norm"},
    NamePair{"self_attn.q_proj", "attn_q"},
    NamePair{"self_attn.k_proj", "attn_k"},
    NamePair{"self_attn.v_proj", "attn_v"},
    NamePair{"self_attn.o_proj", "attn_output"},
    NamePair{"self_attn.q_norm", "attn_q_norm"},
    NamePair{"self_attn.k_norm", "attn_k_norm"},
    NamePair{"self_attn.q_a_proj", "attn_q_a"},
    NamePair{"self_attn.q_a_layernorm", "attn_q_a_norm"},
    NamePair{"self_attn.q_b_proj", "attn_q_b"},
    NamePair{"self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa"},
    NamePair{"self_attn.kv_a_layernorm", "attn_kv_a_norm"},
    NamePair{"self_attn.kv_b_proj", "attn_kv_b"},
    NamePair{"mlp.gate_proj", "ffn_gate"},
    NamePair{"mlp.up_proj", "ffn_up"},
    NamePair{"mlp.down_proj", "ffn_down"},
    NamePair{"mlp.gate", "ffn_gate_inp"},
    NamePair{"mlp.shared_experts.gate_proj", "ffn_gate_shexp"},
    NamePair{"mlp.shared_experts.up_proj", "ffn_up_shexp"},
    NamePair{"mlp.shared_experts.down_proj", "ffn_down_shexp"},
    NamePair{"enorm", "nextn.enorm"},
    NamePair{"hnorm", "nextn.hnorm"},
    NamePair{"eh_proj", "nextn.eh_proj"},
    NamePair{"shared_head.norm", "nextn.shared_head_norm"},
};

std::string_view take_number(std::string_view& text) {
  const std::size_t end = text.find('.');
  const std::string_view number = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return number;
}

}  // namespace

GgufSite gguf_site(const std::string& hf_name) {
  for (const NamePair& pair : kWhole) {
    if (hf_name == pair.hf) return {std::string(pair.gguf), {}};
  }
  constexpr std::string_view kLayers = "model.layers.";
  std::string_view rest = hf_name;
  require(rest.starts_with(kLayers), "GGUF has no name for {}", hf_name);
  rest.remove_prefix(kLayers.size());
  const std::string layer = "blk." + std::string(take_number(rest)) + ".";
  if (rest == "mlp.gate.e_score_correction_bias") return {layer + "exp_probs_b.bias", {}};
  constexpr std::string_view kExperts = "mlp.experts.";
  if (rest.starts_with(kExperts)) {
    rest.remove_prefix(kExperts.size());
    const std::string_view number = take_number(rest);
    std::int64_t expert = 0;
    std::from_chars(number.data(), number.data() + number.size(), expert);
    const std::string_view which = rest.substr(0, rest.find('_'));  // gate, up or down
    return {layer + "ffn_" + std::string(which) + "_exps.weight", expert};
  }
  const std::size_t dot = rest.rfind('.');
  for (const NamePair& pair : kInLayer) {
    if (rest.substr(0, dot) == pair.hf) {
      return {layer + std::string(pair.gguf) + std::string(rest.substr(dot)), {}};
    }
  }
  fail("GGUF has no name for {}", hf_name);
}

}  // namespace frugal::models

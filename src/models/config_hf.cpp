// config.json of Hugging Face, in the spellings of transformers 4 and 5.
#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "base/error.h"
#include "models/config.h"

namespace frugal::models {

namespace {

// Keys that say nothing about the arithmetic of a forward pass, or only repeat what others say.
constexpr std::string_view kHarmless[] = {
    "architectures",
    "auto_map",
    "attention_dropout",
    "aux_loss_alpha",
    "bos_token_id",
    "chunk_size_feed_forward",
    "decoder_start_token_id",
    "dtype",
    "eos_token_id",
    "ep_size",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "hidden_dropout",
    "id2label",
    "initializer_range",
    "is_decoder",
    "is_encoder_decoder",
    "is_llama_config",
    "label2id",
    "max_window_layers",
    "model_type",
    "name_or_path",
    "output_attentions",
    "output_hidden_states",
    "output_router_logits",
    "pad_token_id",
    "pretraining_tp",
    "problem_type",
    "quantization_config",
    "return_dict",
    "rope_interleaved",
    "router_aux_loss_coef",
    "seq_aux",
    "sep_token_id",
    "sliding_window",
    "task_specific_params",
    "tokenizer_class",
    "torch_dtype",
    "torchscript",
    "transformers.js_config",
    "transformers_version",
    "unk_token_id",
    "unsloth_fixed",
    "unsloth_version",
    "use_bfloat16",
    "use_cache",
};

std::string text_of(const Json& value) {
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Reads keys of one object and remembers which, so that what is left over can be named.
class Reader {
 public:
  Reader(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
    require(object.is_object(), "{}: not a JSON object", what_);
  }

  const std::string& what() const { return what_; }

  /// The value, or nullptr when the key is absent or null.
  const Json* find(const std::string& key) {
    used_.insert(key);
    const auto at = object_.find(key);
    return at == object_.end() || at->is_null() ? nullptr : &*at;
  }

  std::int64_t integer(const std::string& key, std::optional<std::int64_t> otherwise = {}) {
    const Json* value = find(key);
    if (value == nullptr) return needed(key, otherwise);
    const bool fits = value->is_number_integer() &&
                      (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX);
    require(fits, "{}: {} is {}, expected an integer", what_, key, text_of(*value));
    return value->get<std::int64_t>();
  }

  double number(const std::string& key, std::optional<double> otherwise = {}) {
    const Json* value = find(key);
    if (value == nullptr) return needed(key, otherwise);
    require(value->is_number(), "{}: {} is {}, expected a number", what_, key, text_of(*value));
    return value->get<double>();
  }

  bool boolean(const std::string& key, bool otherwise) {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    require(value->is_boolean(), "{}: {} is {}, expected true or false", what_, key,
            text_of(*value));
    return value->get<bool>();
  }

  std::string string(const std::string& key, const std::optional<std::string>& otherwise = {}) {
    const Json* value = find(key);
    if (value == nullptr) return needed(key, otherwise);
    require(value->is_string(), "{}: {} is {}, expected a string", what_, key, text_of(*value));
    return value->get<std::string>();
  }

  /// Refuses any other value of a key than `supported`.
  void expect(const std::string& key, const Json& supported) {
    const Json* value = find(key);
    require(value == nullptr || *value == supported, "{}: {} = {} is not supported, only {}", what_,
            key, value == nullptr ? "" : text_of(*value), supported.dump());
  }

  /// Names the first key that nobody read.
  void refuse_rest() const {
    for (const auto& [key, value] : object_.items()) {
      const bool harmless = value.is_null() || key.starts_with('_') || used_.contains(key) ||
                            std::ranges::find(kHarmless, key) != std::end(kHarmless);
      require(harmless,
              "{}: unknown key {} = {}; it may change the model's arithmetic, so it is not ignored",
              what_, printable(key), text_of(value));
    }
  }

 private:
  template <typename T>
  T needed(const std::string& key, const std::optional<T>& otherwise) const {
    require(otherwise.has_value(), "{}: {} is missing", what_, key);
    return *otherwise;
  }

  const Json& object_;
  std::string what_;
  std::set<std::string> used_;
};

void read_scaling(Reader& scaling, ModelConfig& c) {
  RopeConfig& rope = c.rope;
  const std::string old_name = scaling.string("type", "default");
  const std::string type = scaling.string("rope_type", old_name);
  rope.theta = scaling.number("rope_theta", rope.theta);
  const double partial = scaling.number("partial_rotary_factor", 1.0);
  require(partial == 1.0, "{}: partial_rotary_factor {} is not supported", scaling.what(), partial);
  if (type == "default") {
    rope.scaling = RopeScaling::none;
  } else if (type == "linear") {
    rope.scaling = RopeScaling::linear;
    rope.factor = scaling.number("factor");
  } else if (type == "llama3") {
    rope.scaling = RopeScaling::llama3;
    rope.factor = scaling.number("factor");
    rope.low_freq_factor = scaling.number("low_freq_factor");
    rope.high_freq_factor = scaling.number("high_freq_factor");
    require(rope.high_freq_factor > rope.low_freq_factor && rope.low_freq_factor > 0,
            "{}: high_freq_factor must be larger than low_freq_factor", scaling.what());
  } else if (type == "yarn") {
    rope.scaling = RopeScaling::yarn;
    rope.beta_fast = scaling.number("beta_fast", 32);
    rope.beta_slow = scaling.number("beta_slow", 1);
    require(rope.beta_fast > 0 && rope.beta_slow > 0,
            "{}: beta_fast and beta_slow must be positive", scaling.what());
    rope.mscale = scaling.number("mscale", 0);
    rope.mscale_all_dim = scaling.number("mscale_all_dim", 0);
    rope.attention_factor = scaling.number("attention_factor", 0);
    scaling.expect("truncate", true);
  } else {
    fail("{}: unknown rope type {}; known are default, linear, llama3 and yarn", scaling.what(),
         printable(type));
  }
  rope.original_max_position_embeddings =
      scaling.integer("original_max_position_embeddings", c.max_position_embeddings);
  if (rope.scaling == RopeScaling::yarn) {
    rope.factor =
        scaling.number("factor", static_cast<double>(c.max_position_embeddings) /
                                     static_cast<double>(rope.original_max_position_embeddings));
  }
  scaling.refuse_rest();
}

void read_rope(Reader& reader, ModelConfig& c) {
  c.rope.theta = reader.number("rope_theta", 10000);
  const double partial = reader.number("partial_rotary_factor", 1.0);
  require(partial == 1.0, "{}: partial_rotary_factor {} is not supported", reader.what(), partial);
  const Json* old_style = reader.find("rope_scaling");
  const Json* new_style = reader.find("rope_parameters");
  const Json* given = new_style != nullptr ? new_style : old_style;
  if (given == nullptr) return;
  Reader scaling(*given,
                 reader.what() + (given == new_style ? ": rope_parameters" : ": rope_scaling"));
  read_scaling(scaling, c);
}

void read_mla(Reader& reader, ModelConfig& c) {
  MlaConfig mla;
  mla.q_lora_rank = reader.integer("q_lora_rank", 0);
  mla.kv_lora_rank = reader.integer("kv_lora_rank");
  mla.qk_nope_head_dim = reader.integer("qk_nope_head_dim");
  mla.qk_rope_head_dim = reader.integer("qk_rope_head_dim");
  mla.v_head_dim = reader.integer("v_head_dim");
  reader.find("head_dim");     // transformers repeats qk_rope_head_dim here
  reader.find("qk_head_dim");  // and the sum of both here
  c.mla = mla;
  c.rope.dim = mla.qk_rope_head_dim;
  c.rope.interleaved = reader.boolean("rope_interleave", true);
  c.qkv_bias = c.o_bias = reader.boolean("attention_bias", false);
}

void read_plain_attention(Reader& reader, ModelConfig& c) {
  const std::int64_t heads = c.num_attention_heads;
  const bool divides = heads > 0 && c.hidden_size % heads == 0;
  c.head_dim =
      reader.integer("head_dim", divides ? std::optional(c.hidden_size / heads) : std::nullopt);
  c.rope.dim = c.head_dim;
  const bool bias = reader.boolean("attention_bias", false);
  c.qkv_bias = c.architecture == Architecture::qwen2 || bias;
  c.o_bias = bias;
  c.qk_norm = c.architecture == Architecture::qwen3 || c.architecture == Architecture::qwen3_moe;
  reader.expect("use_sliding_window", false);
  reader.expect("mlp_bias", false);
  if (const Json* types = reader.find("layer_types")) {
    const bool all_full = types->is_array() && std::ranges::all_of(*types, [](const Json& type) {
                            return type == "full_attention";
                          });
    require(all_full, "{}: layer_types other than full_attention are not supported", reader.what());
  }
}

void mark_moe_layers(Reader& reader, ModelConfig& c, std::int64_t first, std::int64_t step,
                     std::int64_t phase) {
  require(step > 0 && first >= 0, "{}: mixture layers from {} in steps of {}", reader.what(), first,
          step);
  for (std::int64_t i = 0; i < std::min<std::int64_t>(c.num_hidden_layers, 4096); ++i) {
    c.moe->is_moe_layer.push_back(i >= first && (i + phase) % step == 0);
  }
}

void read_deepseek_moe(Reader& reader, ModelConfig& c) {
  const bool v3 = c.architecture == Architecture::deepseek_v3;
  const std::int64_t experts = reader.integer("n_routed_experts", 0);
  const std::int64_t shared = reader.integer("n_shared_experts", 0);
  const std::int64_t width = reader.integer("moe_intermediate_size", 0);
  const std::int64_t per_token = reader.integer("num_experts_per_tok", 0);
  const std::int64_t first_dense = reader.integer("first_k_dense_replace", 0);
  const std::int64_t step = reader.integer("moe_layer_freq", 1);
  ops::RouterConfig router;
  router.n_routed_experts = experts;
  router.num_experts_per_tok = per_token;
  router.norm_topk_prob = reader.boolean("norm_topk_prob", v3);
  router.routed_scaling_factor =
      static_cast<float>(reader.number("routed_scaling_factor", v3 ? 2.5 : 1.0));
  router.n_group = reader.integer("n_group", 1);
  router.topk_group = reader.integer("topk_group", 1);
  reader.expect("scoring_func", v3 ? "sigmoid" : "softmax");
  const std::string method = reader.string("topk_method", v3 ? "noaux_tc" : "greedy");
  if (v3) {
    require(method == "noaux_tc", "{}: unknown topk_method {} for deepseek_v3; known is noaux_tc",
            reader.what(), printable(method));
    router.scoring = ops::RouterScore::sigmoid;
    router.group_score = ops::GroupScore::sum_of_top_two;
  } else {
    require(method == "greedy" || method == "group_limited_greedy",
            "{}: unknown topk_method {} for deepseek_v2; known are greedy and group_limited_greedy",
            reader.what(), printable(method));
    if (method == "greedy") router.n_group = router.topk_group = 1;
    // transformers' class never normalises here; DeepSeek's code does when more than one is chosen.
    require(!router.norm_topk_prob, "{}: norm_topk_prob = true is not supported for deepseek_v2",
            reader.what());
  }
  if (experts == 0) return;
  c.moe = MoeConfig{router, v3, shared, width, {}};
  mark_moe_layers(reader, c, first_dense, step, 0);
}

void read_qwen_moe(Reader& reader, ModelConfig& c) {
  ops::RouterConfig router;
  router.n_routed_experts = reader.integer("num_experts", reader.integer("num_local_experts", 0));
  router.num_experts_per_tok = reader.integer("num_experts_per_tok");
  router.norm_topk_prob = reader.boolean("norm_topk_prob", false);
  c.moe = MoeConfig{router, false, 0, reader.integer("moe_intermediate_size"), {}};
  mark_moe_layers(reader, c, 0, reader.integer("decoder_sparse_step", 1), 1);
  if (const Json* dense = reader.find("mlp_only_layers")) {
    require(dense->is_array(), "{}: mlp_only_layers is not a list", reader.what());
    for (const Json& layer : *dense) {
      require(layer.is_number_integer() && layer.get<std::int64_t>() >= 0 &&
                  layer.get<std::int64_t>() < c.num_hidden_layers,
              "{}: mlp_only_layers names layer {}", reader.what(), text_of(layer));
      c.moe->is_moe_layer[layer.get<std::size_t>()] = false;
    }
  }
}

}  // namespace

ModelConfig parse_hf_config(const Json& config, const std::string& what) {
  Reader reader(config, what);
  ModelConfig c;
  c.architecture = architecture_of_model_type(reader.string("model_type"), what);
  c.vocab_size = reader.integer("vocab_size");
  c.hidden_size = reader.integer("hidden_size");
  c.intermediate_size = reader.integer("intermediate_size");
  c.num_hidden_layers = reader.integer("num_hidden_layers");
  c.num_attention_heads = reader.integer("num_attention_heads");
  c.num_key_value_heads = reader.integer("num_key_value_heads", c.num_attention_heads);
  c.max_position_embeddings = reader.integer("max_position_embeddings");
  c.rms_norm_eps = static_cast<float>(reader.number("rms_norm_eps", 1e-6));
  c.tie_word_embeddings = reader.boolean("tie_word_embeddings", false);
  reader.expect("hidden_act", "silu");
  read_rope(reader, c);
  const bool deepseek =
      c.architecture == Architecture::deepseek_v2 || c.architecture == Architecture::deepseek_v3;
  if (deepseek) {
    read_mla(reader, c);
    read_deepseek_moe(reader, c);
    c.num_nextn_predict_layers =
        reader.integer("num_nextn_predict_layers", reader.integer("num_mtp_layers", 0));
  } else {
    read_plain_attention(reader, c);
    if (c.architecture == Architecture::qwen3_moe) read_qwen_moe(reader, c);
  }
  reader.refuse_rest();
  check_config(c, what);
  return c;
}

}  // namespace frugal::models

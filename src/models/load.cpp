#include "models/load.h"

#include <set>

#include "base/error.h"
#include "models/gguf_names.h"
#include "quant/quant.h"

namespace frugal::models {

namespace {

using formats::Checkpoint;
using formats::StoredTensor;

// Finds parameters in a checkpoint and remembers which of its tensors were used.
class Loader {
 public:
  Loader(const Checkpoint& checkpoint, const ModelConfig& config)
      : checkpoint_(checkpoint), config_(config) {}

  void load(const ParameterSite& site, Parameter& parameter) {
    parameter.name = site.name;
    parameter.weight = checkpoint_.is_gguf() ? from_gguf(site) : from_hf(site);
    if (site.kind == ParameterKind::vector) parameter.weight = ops::to_floats(parameter.weight);
  }

  std::vector<float> rope_divisors() {
    const StoredTensor* tensor =
        checkpoint_.is_gguf() ? checkpoint_.find("rope_freqs.weight") : nullptr;
    if (tensor == nullptr) return {};
    used_.insert(tensor->name);
    const ops::Weight row = matrix(*tensor, 1, config_.rope.dim / 2);
    std::vector<float> divisors(static_cast<std::size_t>(row.k));
    row.decode(0, 0, divisors);
    for (const float divisor : divisors) {
      require(divisor > 0, "{}: tensor rope_freqs.weight holds {}", tensor->file.string(), divisor);
    }
    return divisors;
  }

  /// Names the first tensor that no parameter asked for.
  void refuse_rest() const {
    for (const StoredTensor& tensor : checkpoint_.tensors()) {
      require(used_.contains(tensor.name) || is_redundant(tensor.name),
              "{}: tensor {} {} has no place in a {} model", tensor.file.string(),
              printable(tensor.name), formats::shape_text(tensor.shape),
              architecture_name(config_.architecture));
    }
  }

 private:
  // Copies of what is known already: MTP layers repeat the embedding and the head, tied models may
  // store the head again, and old checkpoints keep rope's frequencies.
  bool is_redundant(const std::string& name) const {
    if (name.ends_with(".rotary_emb.inv_freq") || name.ends_with(".attn_rot_embd.weight"))
      return true;
    if (config_.tie_word_embeddings && name == "lm_head.weight") return true;
    if (config_.num_nextn_predict_layers == 0) return false;
    return name.ends_with(".shared_head.head.weight") ||
           (name.ends_with(".embed_tokens.weight") && name != "model.embed_tokens.weight") ||
           name.ends_with(".nextn.shared_head_head.weight") ||
           name.ends_with(".nextn.embed_tokens.weight");
  }

  const StoredTensor& use(const std::string& name) {
    const StoredTensor& tensor = checkpoint_.get(name);
    used_.insert(name);
    return tensor;
  }

  static void require_shape(const StoredTensor& tensor,
                            std::initializer_list<std::int64_t> wanted) {
    const std::vector<std::int64_t> shape(wanted);
    require(tensor.shape == shape, "{}: tensor {} has shape {}, expected {}", tensor.file.string(),
            printable(tensor.name), formats::shape_text(tensor.shape), formats::shape_text(shape));
  }

  static ops::Weight matrix(const StoredTensor& tensor, std::int64_t n, std::int64_t k) {
    require(quant::can_dequantize(tensor.dtype), "{}: tensor {} is {}, which cannot be a weight",
            tensor.file.string(), printable(tensor.name), dtype_name(tensor.dtype));
    if (n == 1 && tensor.shape.size() == 1) {
      require_shape(tensor, {k});
    } else {
      require_shape(tensor, {n, k});
    }
    ops::Weight weight;
    weight.dtype = tensor.dtype;
    weight.n = n;
    weight.k = k;
    weight.data = tensor.data.data();
    return weight;
  }

  ops::Weight from_hf(const ParameterSite& site) {
    const StoredTensor& tensor = use(site.name);
    ops::Weight weight = matrix(tensor, site.n, site.k);
    if (tensor.dtype != DType::f8_e4m3) return weight;
    const StoredTensor& stored = use(site.name + "_scale_inv");
    const ops::Weight scales =
        ops::to_floats(matrix(stored, (site.n + 127) / 128, (site.k + 127) / 128));
    weight.scales = reinterpret_cast<const float*>(scales.data);
    weight.owner = scales.owner;
    return weight;
  }

  ops::Weight from_gguf(const ParameterSite& site) {
    const GgufSite place = gguf_site(site.name);
    if (place.name.ends_with(".attn_kv_b.weight") && checkpoint_.find(place.name) == nullptr) {
      return join_kv_b(place.name);
    }
    if (!place.expert) return matrix(use(place.name), site.n, site.k);
    const StoredTensor& stacked = use(place.name);
    require_shape(stacked, {config_.moe->router.n_routed_experts, site.n, site.k});
    StoredTensor slice = stacked;
    const auto bytes = static_cast<std::size_t>(site.n * row_bytes(stacked.dtype, site.k));
    slice.shape = {site.n, site.k};
    slice.data = stacked.data.subspan(static_cast<std::size_t>(*place.expert) * bytes, bytes);
    return matrix(slice, site.n, site.k);
  }

  // Newer files split kv_b: attn_k_b [n_heads, kv_lora_rank, nope], transposed for the absorbed
  // form, and attn_v_b [n_heads, v, kv_lora_rank]. Joined again, in float32, as Hugging Face has
  // them.
  ops::Weight join_kv_b(std::string name) {
    const MlaConfig& m = *config_.mla;
    const std::int64_t heads = config_.num_attention_heads;
    const std::int64_t rank = m.kv_lora_rank;
    name.resize(name.size() - std::string_view("kv_b.weight").size());
    const StoredTensor& k_b = use(name + "k_b.weight");
    const StoredTensor& v_b = use(name + "v_b.weight");
    require_shape(k_b, {heads, rank, m.qk_nope_head_dim});
    require_shape(v_b, {heads, m.v_head_dim, rank});
    const ops::Weight keys = matrix(flat(k_b), heads * rank, m.qk_nope_head_dim);
    const ops::Weight values = matrix(flat(v_b), heads * m.v_head_dim, rank);
    const std::int64_t per_head = m.qk_nope_head_dim + m.v_head_dim;
    const ops::FloatWeight joined(heads * per_head, rank);
    std::vector<float> row(static_cast<std::size_t>(m.qk_nope_head_dim));
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t c = 0; c < rank; ++c) {
        keys.decode(h * rank + c, 0, row);
        for (std::int64_t d = 0; d < m.qk_nope_head_dim; ++d) {
          joined.tensor->row(h * per_head + d)[c] = row[static_cast<std::size_t>(d)];
        }
      }
      for (std::int64_t d = 0; d < m.v_head_dim; ++d) {
        values.decode(h * m.v_head_dim + d, 0,
                      {joined.tensor->row(h * per_head + m.qk_nope_head_dim + d),
                       static_cast<std::size_t>(rank)});
      }
    }
    return joined.weight;
  }

  static StoredTensor flat(StoredTensor tensor) {
    tensor.shape = {tensor.shape[0] * tensor.shape[1], tensor.shape[2]};
    return tensor;
  }

  const Checkpoint& checkpoint_;
  const ModelConfig& config_;
  std::set<std::string> used_;
};

}  // namespace

ModelConfig read_config(const Checkpoint& checkpoint) {
  if (!checkpoint.is_gguf()) {
    return parse_hf_config(checkpoint.config(), (checkpoint.path() / "config.json").string());
  }
  return parse_gguf_config(checkpoint.metadata(), [&](const std::string& name) {
    return checkpoint.find(name) != nullptr;
  });
}

ModelFiles load_model(const std::filesystem::path& path) {
  ModelFiles files;
  files.checkpoint = std::make_shared<const Checkpoint>(formats::open_checkpoint(path));
  files.config = read_config(*files.checkpoint);
  Loader loader(*files.checkpoint, files.config);
  for_each_parameter(
      files.config, files.weights,
      [&](const ParameterSite& site, Parameter& parameter) { loader.load(site, parameter); });
  files.rope_divisors = loader.rope_divisors();
  loader.refuse_rest();
  return files;
}

}  // namespace frugal::models

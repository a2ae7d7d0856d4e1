#include "models/lora.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/output_file.h"
#include "formats/safetensors.h"

namespace frugal::models {

namespace {

namespace fs = std::filesystem;
using autograd::Adapter;

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kWeight = ".weight";

constexpr std::array<std::string_view, 10> kModules = {
    "q_proj",    "k_proj",  "v_proj",   "o_proj", "q_a_proj", "q_b_proj", "kv_a_proj_with_mqa",
    "gate_proj", "up_proj", "down_proj"};

// "self_attn.q_proj.weight" -> "q_proj".
std::string_view module_of(std::string_view name) {
  name.remove_suffix(std::min(name.size(), kWeight.size()));
  return name.substr(name.rfind('.') + 1);
}

// Options that are off, or say nothing about the arithmetic.
bool is_off(const Json& value) {
  return value.is_null() || value == false || value == 0 || value == 0.0 || value == "none" ||
         (value.is_structured() && value.empty());
}

struct Scaling {
  double alpha;
  bool rank_stabilized;
  float factor(std::int64_t rank) const {
    const auto r = static_cast<double>(rank);
    return static_cast<float>(alpha / (rank_stabilized ? std::sqrt(r) : r));
  }
};

Scaling read_scaling(const fs::path& file) {
  const Json config = read_json_file(file);
  const std::string name = file.string();
  const Json type = config.is_object() ? config.value("peft_type", Json()) : Json();
  require(type == "LORA", "{}: peft_type is {}, expected \"LORA\"", name, printable(type.dump()));
  for (const char* key :
       {"use_dora", "fan_in_fan_out", "lora_bias", "modules_to_save", "rank_pattern",
        "alpha_pattern", "layer_replication", "use_qalora", "trainable_token_indices",
        "alora_invocation_tokens", "megatron_config", "target_parameters", "arrow_config"}) {
    require(!config.contains(key) || is_off(config.at(key)), "{}: {} is {}, which is not supported",
            name, key, printable(config.value(key, Json()).dump()));
  }
  const Json bias = config.value("bias", Json());
  require(is_off(bias), "{}: bias is {}, only none is supported", name, printable(bias.dump()));
  require(config.contains("lora_alpha") && config.at("lora_alpha").is_number(),
          "{}: lora_alpha is missing or no number", name);
  const Json rslora = config.value("use_rslora", Json(false));
  return {config.at("lora_alpha").get<double>(), rslora.is_boolean() && rslora.get<bool>()};
}

// A factor as float32 values of its own.
Parameter factor_of(const formats::StoredTensor& tensor, std::int64_t n, std::int64_t k) {
  require(tensor.shape == std::vector<std::int64_t>({n, k}),
          "{}: tensor {} has shape {}, expected {}", tensor.file.string(), printable(tensor.name),
          formats::shape_text(tensor.shape),
          formats::shape_text(std::vector<std::int64_t>({n, k})));
  ops::Weight stored;
  stored.dtype = tensor.dtype;
  stored.n = n;
  stored.k = k;
  stored.data = tensor.data.data();
  const ops::FloatWeight values(n, k);
  for (std::int64_t i = 0; i < n; ++i) {
    stored.decode(i, 0, {values.tensor->row(i), static_cast<std::size_t>(k)});
  }
  return {tensor.name, values.weight};
}

}  // namespace

bool is_adapted(const LoraConfig& config, const ParameterSite& site) {
  if (config.rank == 0 || site.kind != ParameterKind::matrix || !site.name.ends_with(kWeight) ||
      site.name.find(".experts.") != std::string::npos) {
    return false;
  }
  const std::string_view module = module_of(site.name);
  if (std::ranges::find(kModules, module) == kModules.end()) return false;
  return config.targets.empty() ||
         std::ranges::find(config.targets, module) != config.targets.end();
}

std::string adapter_name(const std::string& parameter, char factor) {
  const std::string module = parameter.substr(0, parameter.size() - kWeight.size());
  return fmt::format("{}{}.lora_{}.weight", kPrefix, module, factor);
}

void write_adapter(const fs::path& folder, const LoraConfig& config, const std::string& base,
                   std::vector<formats::TensorSource> tensors) {
  fs::create_directories(folder);
  std::vector<std::string> targets = config.targets;
  for (const formats::TensorSource& tensor : tensors) {
    const std::size_t end = tensor.name.rfind(".lora_");
    const std::size_t begin = tensor.name.rfind('.', end - 1) + 1;
    const std::string module = tensor.name.substr(begin, end - begin);
    if (std::ranges::find(targets, module) == targets.end()) targets.push_back(module);
  }
  formats::write_safetensors(folder / "adapter_model.safetensors", std::move(tensors),
                             {{"format", "pt"}});
  const Json json = {{"peft_type", "LORA"},
                     {"task_type", "CAUSAL_LM"},
                     {"base_model_name_or_path", base},
                     {"r", config.rank},
                     {"lora_alpha", config.alpha},
                     {"lora_dropout", 0.0},
                     {"target_modules", targets},
                     {"bias", "none"},
                     {"fan_in_fan_out", false},
                     {"use_rslora", false},
                     {"use_dora", false},
                     {"modules_to_save", nullptr},
                     {"inference_mode", true}};
  write_text(folder / "adapter_config.json", json.dump(2));
}

void load_adapter(ModelFiles& files, const fs::path& folder) {
  const Scaling scaling = read_scaling(folder / "adapter_config.json");
  const MappedFile mapped(folder / "adapter_model.safetensors");
  const formats::SafetensorsFile file = formats::parse_safetensors(mapped.bytes(), mapped.path());
  std::map<std::string, const formats::StoredTensor*> stored;
  for (const formats::StoredTensor& tensor : file.tensors) stored[tensor.name] = &tensor;
  const auto take = [&](const std::string& name) {
    const auto at = stored.find(name);
    if (at == stored.end()) return static_cast<const formats::StoredTensor*>(nullptr);
    const formats::StoredTensor* tensor = at->second;
    stored.erase(at);
    return tensor;
  };
  LoraConfig every;
  every.rank = 1;
  for_each_parameter(
      files.config, files.weights, [&](const ParameterSite& site, Parameter& parameter) {
        parameter.adapter = nullptr;
        if (!is_adapted(every, site)) return;
        const formats::StoredTensor* a = take(adapter_name(site.name, 'A'));
        const formats::StoredTensor* b = take(adapter_name(site.name, 'B'));
        if (a == nullptr && b == nullptr) return;
        require(a != nullptr && b != nullptr, "{}: {} has only one of lora_A and lora_B",
                mapped.path().string(), site.name);
        require(a->shape.size() == 2 && a->shape[0] > 0, "{}: tensor {} has shape {}",
                mapped.path().string(), printable(a->name), formats::shape_text(a->shape));
        const std::int64_t rank = a->shape[0];
        parameter.adapter = std::make_shared<const Adapter>(Adapter{
            factor_of(*a, rank, site.k), factor_of(*b, site.n, rank), scaling.factor(rank)});
      });
  require(stored.empty(), "{}: tensor {} fits nothing in this model that can have an adapter",
          mapped.path().string(), stored.empty() ? "" : printable(stored.begin()->first));
}

void merge_adapters(ModelFiles& files) {
  for_each_parameter(files.config, files.weights,
                     [](const ParameterSite& site, Parameter& parameter) {
                       if (parameter.adapter == nullptr) return;
                       const Adapter& adapter = *parameter.adapter;
                       const ConstView down = adapter.down.weight.floats();  // [rank, k]
                       const ConstView up = adapter.up.weight.floats();      // [n, rank]
                       const ops::FloatWeight merged(site.n, site.k);
                       for (std::int64_t i = 0; i < site.n; ++i) {
                         float* row = merged.tensor->row(i);
                         parameter.weight.decode(i, 0, {row, static_cast<std::size_t>(site.k)});
                         for (std::int64_t r = 0; r < down.rows; ++r) {
                           const float factor = adapter.scale * up.row(i)[r];
                           for (std::int64_t j = 0; j < site.k; ++j)
                             row[j] += factor * down.row(r)[j];
                         }
                       }
                       parameter.weight = merged.weight;
                       parameter.adapter = nullptr;
                     });
}

}  // namespace frugal::models

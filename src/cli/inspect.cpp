// frugal inspect: what a model's files hold.
#include <fmt/core.h>

#include <map>
#include <memory>

#include "base/error.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"

namespace frugal::cli {

namespace {

struct InspectOptions {
  std::string model;
  bool tensors = false;
  bool json = false;
};

struct DtypeShare {
  std::uint64_t tensors = 0;
  std::uint64_t values = 0;
  std::uint64_t bytes = 0;
};

std::map<std::string, DtypeShare> shares(const formats::Checkpoint& checkpoint) {
  std::map<std::string, DtypeShare> by_dtype;
  for (const formats::StoredTensor& tensor : checkpoint.tensors()) {
    DtypeShare& share = by_dtype[std::string(dtype_name(tensor.dtype))];
    ++share.tensors;
    share.values += static_cast<std::uint64_t>(tensor.elements());
    share.bytes += tensor.data.size();
  }
  return by_dtype;
}

Json describe_config(const models::ModelConfig& c) {
  Json json = {{"architecture", models::architecture_name(c.architecture)},
               {"parameters", models::count_parameters(c)},
               {"layers", c.num_hidden_layers},
               {"hidden_size", c.hidden_size},
               {"intermediate_size", c.intermediate_size},
               {"attention_heads", c.num_attention_heads},
               {"vocabulary", c.vocab_size},
               {"context", c.max_position_embeddings},
               {"rope_theta", c.rope.theta}};
  if (c.mla) {
    json["mla"] = {{"q_lora_rank", c.mla->q_lora_rank},
                   {"kv_lora_rank", c.mla->kv_lora_rank},
                   {"qk_nope_head_dim", c.mla->qk_nope_head_dim},
                   {"qk_rope_head_dim", c.mla->qk_rope_head_dim},
                   {"v_head_dim", c.mla->v_head_dim}};
  } else {
    json["key_value_heads"] = c.num_key_value_heads;
    json["head_dim"] = c.head_dim;
  }
  if (c.moe) {
    json["experts"] = c.moe->router.n_routed_experts;
    json["experts_per_token"] = c.moe->router.num_experts_per_tok;
    json["shared_experts"] = c.moe->n_shared_experts;
    json["moe_intermediate_size"] = c.moe->moe_intermediate_size;
  }
  if (c.num_nextn_predict_layers > 0) json["mtp_layers"] = c.num_nextn_predict_layers;
  json["tied_embeddings"] = c.tie_word_embeddings;
  return json;
}

Json describe(const formats::Checkpoint& checkpoint, bool with_tensors) {
  Json json = {{"path", checkpoint.path().string()},
               {"format", checkpoint.is_gguf() ? "gguf" : "safetensors"}};
  json.update(describe_config(models::read_config(checkpoint)));
  std::uint64_t bytes = 0;
  Json dtypes = Json::object();
  for (const auto& [name, share] : shares(checkpoint)) {
    dtypes[name] = {{"tensors", share.tensors}, {"values", share.values}, {"bytes", share.bytes}};
    bytes += share.bytes;
  }
  json["bytes"] = bytes;
  json["dtypes"] = std::move(dtypes);
  if (with_tensors) {
    json["tensors"] = Json::array();
    for (const formats::StoredTensor& tensor : checkpoint.tensors()) {
      json["tensors"].push_back({{"name", tensor.name},
                                 {"dtype", dtype_name(tensor.dtype)},
                                 {"shape", tensor.shape},
                                 {"bytes", tensor.data.size()},
                                 {"file", tensor.file.filename().string()}});
    }
  }
  return json;
}

// "attention heads     9" from "attention_heads": 9.
void print_fields(const Json& json, const std::string& indent) {
  for (const auto& [key, value] : json.items()) {
    if (key == "dtypes" || key == "tensors") continue;
    std::string label = indent + key;
    std::replace(label.begin(), label.end(), '_', ' ');
    if (value.is_object()) {
      fmt::print("{}\n", label);
      print_fields(value, indent + "  ");
    } else if (key == "bytes") {
      fmt::print("{:<24}{}\n", "size", human_bytes(value.get<std::uint64_t>()));
    } else {
      fmt::print("{:<24}{}\n", label,
                 value.is_string() ? printable(value.get<std::string>(), 1000) : value.dump());
    }
  }
}

void print_for_people(const Json& json) {
  print_fields(json, "");
  for (const auto& [name, share] : json["dtypes"].items()) {
    fmt::print("{:<24}{} tensors, {}\n", "  " + name, share["tensors"].get<std::uint64_t>(),
               human_bytes(share["bytes"].get<std::uint64_t>()));
  }
  if (!json.contains("tensors")) return;
  fmt::print("\n");
  for (const Json& tensor : json["tensors"]) {
    fmt::print("{:<8}{:<20}{}\n", tensor["dtype"].get<std::string>(), tensor["shape"].dump(),
               printable(tensor["name"].get<std::string>(), 200));
  }
}

void run_inspect(const InspectOptions& options) {
  const formats::Checkpoint checkpoint = formats::open_checkpoint(resolve_model(options.model));
  const Json json = describe(checkpoint, options.tensors);
  if (options.json) {
    // Names in a file may be any bytes.
    fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    print_for_people(json);
  }
}

}  // namespace

void add_inspect(CLI::App& app) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand("inspect", "Show what a model's files hold");
  command->add_option("model", options->model, "A folder, a .gguf file, or a known name")
      ->required()
      ->type_name("M");
  command->add_flag("--tensors", options->tensors, "List the tensors, too");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_inspect(*options); });
}

}  // namespace frugal::cli

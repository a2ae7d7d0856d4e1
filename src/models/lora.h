// Low-rank adapters (Hu et al. 2021) in the format of the PEFT library: adapter_config.json and
// adapter_model.safetensors.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "formats/stored_tensor.h"
#include "models/load.h"

namespace frugal::models {

struct LoraConfig {
  std::int64_t rank = 0;  // 0: no adapters
  double alpha = 0;       // the adapters' products are scaled by alpha / rank
  /// Modules by the last part of their name, such as q_proj. Empty: all of attention and of dense
  /// feed-forward layers.
  std::vector<std::string> targets;
};

/// Whether a parameter gets an adapter: a matrix of a named module that is multiplied as a whole.
/// Routed experts, routers, embeddings and kv_b of latent attention never do.
bool is_adapted(const LoraConfig& config, const ParameterSite& site);

/// PEFT's name for a factor of an adapter, "A" [rank, k] or "B" [n, rank].
std::string adapter_name(const std::string& parameter, char factor);

/// Writes a folder that PEFT and load_adapter() read. `tensors` bear the names of adapter_name().
void write_adapter(const std::filesystem::path& folder, const LoraConfig& config,
                   const std::string& base, std::vector<formats::TensorSource> tensors);

/// Gives the parameters of `files` the adapters in `folder`, in the place of any that they have.
/// Throws Error naming file and tensor when one fits no parameter, and naming the key on options
/// of PEFT that would change the arithmetic.
void load_adapter(ModelFiles& files, const std::filesystem::path& folder);

/// Adds each adapter's product to its weight, which becomes float32, and drops the adapters.
void merge_adapters(ModelFiles& files);

}  // namespace frugal::models

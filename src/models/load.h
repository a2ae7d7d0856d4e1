// From a checkpoint's tensors to a model's parameters.
#pragma once

#include <memory>
#include <vector>

#include "formats/checkpoint.h"
#include "models/config.h"
#include "models/weights.h"

namespace frugal::models {

/// A model as its files describe it. The weights borrow from the checkpoint's mappings.
struct ModelFiles {
  std::shared_ptr<const formats::Checkpoint> checkpoint;
  ModelConfig config;
  Weights weights;
  std::vector<float> rope_divisors;  // [rope dim / 2], GGUF's form of Llama 3 scaling; or empty
};

/// The configuration alone, which costs next to nothing.
ModelConfig read_config(const formats::Checkpoint& checkpoint);

/// Opens a folder or .gguf and finds every parameter in it. Throws Error naming file and tensor
/// when one is missing, has another shape or a dtype that no kernel reads, or when there is one
/// that the model has no place for.
ModelFiles load_model(const std::filesystem::path& path);

}  // namespace frugal::models

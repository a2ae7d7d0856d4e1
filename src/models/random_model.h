// A model of some shape with random weights, for what depends on the shape alone: speed.
#pragma once

#include <filesystem>

#include "models/convert.h"

namespace frugal::models {

/// Writes a GGUF without a vocabulary that this program and llama.cpp load. Weights are normally
/// distributed, drawn once and repeated after about a million values; norms are ones, biases zeros.
void write_random_gguf(const ModelConfig& config, const StorageType& type,
                       const std::filesystem::path& path);

}  // namespace frugal::models

// A configuration, written as the two kinds of files spell it.
#pragma once

#include "base/json.h"
#include "formats/gguf.h"
#include "models/config.h"

namespace frugal::models {

/// A config.json that parse_hf_config() and transformers read as `config`. `dtype` is what the
/// weights are stored as, in PyTorch's spelling ("bfloat16").
Json hf_config(const ModelConfig& config, const std::string& dtype);

/// Sets general.architecture and the keys under it, as llama.cpp's converter does. Llama 3's rope
/// scaling is not among them: GGUF keeps it in the tensor rope_freqs.weight (llama3_divisors()).
/// Throws Error when llama.cpp has no key for something in `config`.
void set_gguf_config(const ModelConfig& config, formats::GgufMetadataBuilder& metadata);

/// What each rope frequency is divided by [rope dim / 2]; empty without Llama 3's scaling.
std::vector<float> llama3_divisors(const RopeConfig& config);

/// The inverse: `config` with the Llama 3 scaling whose divisors these are, by the published
/// numbers (8192 original positions, factors 1 and 4 for low and high frequencies). Throws Error
/// naming `what` when no such scaling gives them.
RopeConfig with_llama3_divisors(RopeConfig config, std::span<const float> divisors,
                                const std::string& what);

}  // namespace frugal::models

// How a model's makers want it sampled, and what ends its answers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/sampler.h"
#include "formats/checkpoint.h"
#include "text/chat_format.h"
#include "text/tokenizer.h"

namespace frugal::cli {

/// The end tokens of generation_config.json and config.json, or of GGUF's metadata, and the
/// tokenizer's own. Where answers are turns of a conversation (`format`), what ends a turn is the
/// first of them. Throws Error on ids that are no integers.
std::vector<std::int32_t> stop_tokens_of(const formats::Checkpoint& checkpoint,
                                         const text::Tokenizer& tokenizer,
                                         const std::optional<text::ChatFormat>& format);

/// temperature, top_p, top_k and repetition_penalty of generation_config.json; where it is silent,
/// temperature 0.6 and top_p 0.95, as DeepSeek evaluates R1. Throws Error on values of other types.
engine::SamplingOptions sampling_defaults_of(const formats::Checkpoint& checkpoint);

}  // namespace frugal::cli

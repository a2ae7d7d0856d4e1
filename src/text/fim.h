// Fill-in-the-middle: the tokens that tell a model what stands before and behind the gap.
#pragma once

#include <cstdint>
#include <optional>

#include "text/tokenizer.h"

namespace frugal::text {

/// A prompt is: prefix, the text before the gap, suffix, the text behind it, middle (the order PSM
/// of Bavarian et al. 2022). DeepSeek calls the tokens fim_begin, fim_hole and fim_end.
struct FimTokens {
  std::int32_t prefix;
  std::int32_t suffix;
  std::int32_t middle;
};

/// The tokens as the vocabulary names them: those of DeepSeek, Qwen or StarCoder. Nothing when it
/// has none.
std::optional<FimTokens> fim_tokens(const Tokenizer& tokenizer);

}  // namespace frugal::text

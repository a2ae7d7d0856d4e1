#include "text/fim.h"

#include <array>
#include <string_view>

namespace frugal::text {

std::optional<FimTokens> fim_tokens(const Tokenizer& tokenizer) {
  using Names = std::array<std::string_view, 3>;
  constexpr std::array<Names, 3> kDialects = {
      Names{"<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"},  // DeepSeek
      Names{"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"},  // Qwen
      Names{"<fim_prefix>", "<fim_suffix>", "<fim_middle>"},        // StarCoder
  };
  for (const Names& names : kDialects) {
    const auto prefix = tokenizer.id_of(names[0]);
    const auto suffix = tokenizer.id_of(names[1]);
    const auto middle = tokenizer.id_of(names[2]);
    if (prefix && suffix && middle) return FimTokens{*prefix, *suffix, *middle};
  }
  return std::nullopt;
}

}  // namespace frugal::text

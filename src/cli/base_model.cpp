#include "cli/base_model.h"

#include <fmt/format.h>

#include "cli/generation_config.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"

namespace frugal::cli {

train::BaseModel open_base_model(const std::string& model) {
  const std::filesystem::path path = resolve_model(model);
  text::Tokenizer tokenizer = open_tokenizer(path);
  std::optional<text::ChatFormat> format;
  if (text::ChatFormat::exists(path)) format = text::ChatFormat::open(path, tokenizer);
  // Tuning ends answers with the first of them.
  std::vector<std::int32_t> stops =
      stop_tokens_of(formats::open_checkpoint(path), tokenizer, format);
  return {path, std::move(tokenizer), std::move(format), std::move(stops)};
}

std::vector<std::string> as_overrides(
    const std::string& section, const std::vector<std::pair<std::string, std::string>>& values) {
  std::vector<std::string> overrides;
  for (const auto& [key, value] : values) {
    if (!value.empty()) overrides.push_back(fmt::format("{}.{}={}", section, key, value));
  }
  return overrides;
}

}  // namespace frugal::cli

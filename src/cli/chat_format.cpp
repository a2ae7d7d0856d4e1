#include "cli/chat_format.h"

#include "base/error.h"
#include "formats/checkpoint.h"

namespace frugal::cli {

namespace fs = std::filesystem;

namespace {

text::SpecialTokens tokens_of(const text::Tokenizer& tokenizer) {
  text::SpecialTokens tokens;
  const auto name = [&](const char* variable, std::optional<std::int32_t> id) {
    if (id) tokens[variable] = tokenizer.token_text(*id);
  };
  name("bos_token", tokenizer.bos_id());
  name("eos_token", tokenizer.eos_id());
  name("pad_token", tokenizer.pad_id());
  return tokens;
}

}  // namespace

ChatFormat ChatFormat::open(const fs::path& path, const text::Tokenizer& tokenizer) {
  ChatFormat format;
  if (fs::is_directory(path)) {
    format.templates_ = text::ChatTemplates::from_folder(path);
    const fs::path config = path / "tokenizer_config.json";
    if (fs::exists(config)) format.tokens_ = text::special_tokens(read_json_file(config));
  } else {
    format.templates_ = text::ChatTemplates::from_gguf(formats::open_checkpoint(path).metadata());
    format.tokens_ = tokens_of(tokenizer);
  }
  require(!format.templates_.empty(),
          "{} has no chat template, so it is not made for conversations; frugal generate --raw "
          "makes it continue a text",
          path.string());
  return format;
}

std::string ChatFormat::render(const text::ChatRequest& request) const {
  const bool with_tools = request.tools.is_array() && !request.tools.empty();
  return text::apply_chat_template(templates_.choose(with_tools), request, tokens_);
}

std::optional<std::int32_t> ChatFormat::end_of_turn(const text::Tokenizer& tokenizer) const {
  constexpr std::string_view kAnswer = "frugal-answer";
  text::ChatRequest request;
  request.messages = {{{"role", "user"}, {"content", "question"}},
                      {{"role", "assistant"}, {"content", kAnswer}}};
  request.add_generation_prompt = false;
  std::string text;
  try {
    text = render(request);
  } catch (const Error&) {
    return std::nullopt;  // the template wants other conversations
  }
  const auto at = text.rfind(kAnswer);
  if (at == std::string::npos) return std::nullopt;
  const std::vector<std::int32_t> behind = tokenizer.encode(
      std::string_view(text).substr(at + kAnswer.size()), {.add_special_tokens = false});
  if (behind.empty() || !tokenizer.is_special(behind.front())) return std::nullopt;
  return behind.front();
}

}  // namespace frugal::cli

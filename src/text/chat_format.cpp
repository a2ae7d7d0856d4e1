#include "text/chat_format.h"

#include "base/error.h"
#include "formats/checkpoint.h"

namespace frugal::text {

namespace fs = std::filesystem;

namespace {

SpecialTokens tokens_of(const Tokenizer& tokenizer) {
  SpecialTokens tokens;
  const auto name = [&](const char* variable, std::optional<std::int32_t> id) {
    if (id) tokens[variable] = tokenizer.token_text(*id);
  };
  name("bos_token", tokenizer.bos_id());
  name("eos_token", tokenizer.eos_id());
  name("pad_token", tokenizer.pad_id());
  return tokens;
}

ChatTemplates templates_of(const fs::path& path) {
  if (fs::is_directory(path)) return ChatTemplates::from_folder(path);
  return ChatTemplates::from_gguf(formats::open_checkpoint(path).metadata());
}

}  // namespace

bool ChatFormat::exists(const fs::path& path) { return !templates_of(path).empty(); }

ChatFormat ChatFormat::open(const fs::path& path, const Tokenizer& tokenizer) {
  ChatFormat format;
  format.templates_ = templates_of(path);
  if (fs::is_directory(path)) {
    const fs::path config = path / "tokenizer_config.json";
    if (fs::exists(config)) format.tokens_ = special_tokens(read_json_file(config));
  } else {
    format.tokens_ = tokens_of(tokenizer);
  }
  require(!format.templates_.empty(),
          "{} has no chat template, so it is not made for conversations; frugal generate --raw "
          "makes it continue a text",
          path.string());
  return format;
}

ChatFormat ChatFormat::of(std::string chat_template) {
  ChatFormat format;
  format.templates_.add("default", std::move(chat_template), "chat template");
  return format;
}

const std::string& ChatFormat::source(bool with_tools) const {
  return templates_.choose(with_tools).source();
}

std::string ChatFormat::render(const ChatRequest& request) const {
  const bool with_tools = request.tools.is_array() && !request.tools.empty();
  return apply_chat_template(templates_.choose(with_tools), request, tokens_);
}

std::optional<std::int32_t> ChatFormat::end_of_turn(const Tokenizer& tokenizer) const {
  constexpr std::string_view kAnswer = "frugal-answer";
  ChatRequest request;
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

}  // namespace frugal::text

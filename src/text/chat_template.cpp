#include "text/chat_template.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/mapped_file.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"
#include "text/jinja/unicode.h"
#include "text/utf8.h"

namespace frugal::text {

namespace fs = std::filesystem;

struct ChatTemplate::Parsed {
  jinja::Body body;
};

ChatTemplate::ChatTemplate(std::string source, std::string name)
    : source_(std::move(source)), name_(std::move(name)) {
  require(is_valid_utf8(source_), "{}: the chat template is not UTF-8", name_);
  parsed_ = std::make_shared<const Parsed>(Parsed{jinja::parse(source_, name_)});
}

std::string ChatTemplate::render(const Json& variables) const {
  return jinja::render(parsed_->body, name_, variables, {});
}

std::string ChatTemplate::render(const Json& variables, const std::function<std::tm()>& now) const {
  return jinja::render(parsed_->body, name_, variables, {{}, now});
}

SpecialTokens special_tokens(const Json& tokenizer_config) {
  SpecialTokens tokens;
  for (const char* name : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                           "cls_token", "mask_token"}) {
    const auto found = tokenizer_config.find(name);
    if (found == tokenizer_config.end()) continue;
    // Either the text itself, or an object that describes the token.
    const Json* text = &*found;
    if (found->is_object() && found->contains("content")) text = &(*found)["content"];
    if (text->is_string()) tokens[name] = text->get<std::string>();
  }
  return tokens;
}

namespace {

// Under which names messages carry a model's reasoning; templates read different ones.
constexpr std::array<const char*, 3> kReasoningFields = {"reasoning_content", "thinking",
                                                         "reasoning"};

// Marks the place up to which a prompt is kept whose last message is to be continued.
constexpr std::string_view kMark = "CONTINUE_FINAL_MESSAGE_TAG ";
constexpr std::string_view kTrimmedMark = kMark.substr(0, kMark.size() - 1);

Json without_nulls(const Json& message) {
  Json out = Json::object();
  for (const auto& [key, value] : message.items()) {
    if (!value.is_null()) out[key] = value;
  }
  return out;
}

Json with_reasoning_aliases(const Json& message) {
  for (const char* field : kReasoningFields) {
    if (!message.contains(field)) continue;
    Json out = Json::object();
    out["thinking"] = message[field];
    out.update(message);
    out["reasoning_content"] = message[field];
    return out;
  }
  return message;
}

// Appends the mark to what is to be continued, and returns the text before it.
std::string mark_content(Json& message) {
  const auto content = message.find("content");
  require(content != message.end(), "the final message has no content to continue");
  if (content->is_string()) {
    std::string text = content->get<std::string>();
    *content = text + std::string(kMark);
    return text;
  }
  require(content->is_array(), "the content of the final message is neither text nor parts");
  for (auto part = content->rbegin(); part != content->rend(); ++part) {
    if (!part->is_object() || !part->contains("text") || !(*part)["text"].is_string()) continue;
    std::string text = (*part)["text"].get<std::string>();
    (*part)["text"] = text + std::string(kMark);
    return text;
  }
  fail("the final message has no text to continue");
}

// Cuts the prompt at the mark. A template that trims messages has eaten the space of the mark; then
// what it leaves before it is trimmed, too.
std::string cut_at_mark(std::string prompt, std::string_view continued) {
  const std::string_view trimmed = jinja::strip_left(jinja::strip_right(continued));
  const std::size_t mark = prompt.rfind(kTrimmedMark);
  require(mark != std::string::npos && prompt.find(trimmed) != std::string::npos,
          "the chat template leaves out parts of the final message, so it cannot be continued");
  const bool keeps_space = prompt.compare(mark, kMark.size(), kMark) == 0;
  prompt.resize(mark);
  return keeps_space ? prompt : std::string(jinja::strip_right(prompt));
}

}  // namespace

std::string apply_chat_template(const ChatTemplate& chat_template, const ChatRequest& request,
                                const SpecialTokens& tokens) {
  require(request.messages.is_array() && !request.messages.empty(),
          "a chat needs at least one message");
  require(request.tools.is_null() || request.tools.is_array(), "tools must be an array");
  require(request.extra.is_object(), "the extra variables of a chat must be an object");
  require(!request.continue_final_message || !request.add_generation_prompt,
          "a prompt either continues the final message or begins a new one, not both");
  Json variables = Json::object();
  for (const auto& [name, text] : tokens) variables[name] = text;
  variables["documents"] = nullptr;
  variables.update(request.extra);
  Json messages = Json::array();
  for (const Json& message : request.messages) {
    require(message.is_object(), "each message of a chat must be an object");
    messages.push_back(with_reasoning_aliases(without_nulls(message)));
  }
  std::string continued;
  if (request.continue_final_message) {
    require(chat_template.source().find("content") != std::string::npos,
            "{} does not use the content of messages", chat_template.name());
    continued = mark_content(messages.back());
  }
  variables["messages"] = std::move(messages);
  variables["tools"] = request.tools;
  variables["add_generation_prompt"] = request.add_generation_prompt;
  std::string prompt = chat_template.render(variables, request.now);
  return request.continue_final_message ? cut_at_mark(std::move(prompt), continued) : prompt;
}

void ChatTemplates::add(const std::string& name, std::string source, const std::string& where) {
  templates_.insert_or_assign(name, ChatTemplate(std::move(source), where));
}

ChatTemplates ChatTemplates::from_json(const Json& value, const std::string& where) {
  ChatTemplates templates;
  if (value.is_string()) {
    templates.add("default", value.get<std::string>(), where);
    return templates;
  }
  require(value.is_array(), "{}: chat_template is neither text nor a list", where);
  for (const Json& entry : value) {
    require(entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
                entry.contains("template") && entry["template"].is_string(),
            "{}: an entry of chat_template lacks its name or template", where);
    const auto name = entry["name"].get<std::string>();
    templates.add(name, entry["template"].get<std::string>(),
                  fmt::format("{} ({})", where, printable(name)));
  }
  return templates;
}

ChatTemplates ChatTemplates::from_folder(const fs::path& folder) {
  constexpr std::size_t kLargest = 16U << 20;
  ChatTemplates templates;
  const auto add_file = [&](const std::string& name, const fs::path& path) {
    const MappedFile file(path);
    require(file.size() <= kLargest, "{}: {} bytes are too many for a chat template", path.string(),
            file.size());
    templates.add(name, std::string(file.text()), path.string());
  };
  if (fs::exists(folder / "chat_template.jinja")) {
    add_file("default", folder / "chat_template.jinja");
  }
  if (fs::is_directory(folder / "additional_chat_templates")) {
    for (const auto& entry : fs::directory_iterator(folder / "additional_chat_templates")) {
      if (entry.path().extension() == ".jinja")
        add_file(entry.path().stem().string(), entry.path());
    }
  }
  const fs::path config = folder / "tokenizer_config.json";
  if (!templates.empty() || !fs::exists(config)) return templates;
  const Json json = read_json_file(config);
  if (!json.is_object() || !json.contains("chat_template") || json["chat_template"].is_null()) {
    return templates;
  }
  return from_json(json["chat_template"], config.string());
}

ChatTemplates ChatTemplates::from_gguf(const formats::GgufMetadata& metadata) {
  constexpr std::string_view kKey = "tokenizer.chat_template";
  ChatTemplates templates;
  for (const auto& entry : metadata.values()) {
    const std::string_view key = entry.first;
    const bool is_named = key.starts_with(kKey) && key.substr(kKey.size()).starts_with('.');
    if (key != kKey && !is_named) continue;
    templates.add(is_named ? std::string(key.substr(kKey.size() + 1)) : "default",
                  std::string(metadata.get_string(key)),
                  fmt::format("{}: {}", metadata.file().string(), printable(key)));
  }
  return templates;
}

const ChatTemplate* ChatTemplates::find(const std::string& name) const {
  const auto found = templates_.find(name);
  return found == templates_.end() ? nullptr : &found->second;
}

const ChatTemplate& ChatTemplates::choose(bool with_tools) const {
  if (with_tools && find("tool_use") != nullptr) return *find("tool_use");
  const ChatTemplate* chosen = find("default");
  if (chosen != nullptr) return *chosen;
  require(!empty(), "this model has no chat template");
  std::string names;
  for (const auto& entry : templates_)
    names += (names.empty() ? "" : ", ") + printable(entry.first);
  fail("this model has no default chat template, only: {}", names);
}

}  // namespace frugal::text

// Chat templates: how a model wants a conversation written as one prompt. They are Jinja, and run
// here as transformers runs them (an immutable sandbox, trim_blocks, lstrip_blocks, loop controls,
// its own tojson), so that the text is the same byte for byte. The differences: integers end at 64
// bits, a template cannot read other files, and filters that make HTML or are random do not exist.
#pragma once

#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "formats/gguf.h"

namespace frugal::text {

/// One parsed template. Rendering does not change it, so threads may share it.
class ChatTemplate {
 public:
  /// Parses `source`, UTF-8. Throws Error with `name`, line and column.
  ChatTemplate(std::string source, std::string name);

  /// The text for `variables`, an object with what transformers passes: messages, tools, bos_token,
  /// eos_token, add_generation_prompt ... Names that are not in it are undefined. Throws Error with
  /// name, line and column where Jinja raises, raise_exception included, and when the template
  /// needs too many steps, too much memory or too deep a recursion.
  std::string render(const Json& variables) const;

  /// The same with a clock of the caller's for strftime_now.
  std::string render(const Json& variables, const std::function<std::tm()>& now) const;

  const std::string& source() const { return source_; }
  const std::string& name() const { return name_; }

 private:
  struct Parsed;

  std::string source_;
  std::string name_;
  std::shared_ptr<const Parsed> parsed_;
};

/// What is asked of a model, as transformers' apply_chat_template takes it.
struct ChatRequest {
  Json messages = Json::array();  // objects with role, content, tool_calls ...
  Json tools;                     // an array of JSON schemas, or null for none
  bool add_generation_prompt = true;
  /// The prompt ends inside the last message, for the model to go on with. Not together with
  /// add_generation_prompt.
  bool continue_final_message = false;
  Json extra = Json::object();   // more variables: documents, thinking, enable_thinking ...
  std::function<std::tm()> now;  // the clock of strftime_now; by default local time
};

/// Names such as bos_token with their text.
using SpecialTokens = std::map<std::string, std::string>;

/// The special tokens that tokenizer_config.json names, which templates see as variables.
SpecialTokens special_tokens(const Json& tokenizer_config);

/// The prompt for `request`. As in transformers, members of messages that are null are left out,
/// reasoning_content, thinking and reasoning stand in for each other, and `extra` wins over the
/// special tokens. Throws Error for requests that make no sense (no messages, nothing to continue).
std::string apply_chat_template(const ChatTemplate& chat_template, const ChatRequest& request,
                                const SpecialTokens& tokens);

/// The templates of one model, by name; most have one, "default", and some another for tools.
class ChatTemplates {
 public:
  ChatTemplates() = default;

  /// From the value of "chat_template" in tokenizer_config.json: a string, or a list of objects
  /// with name and template. `where` begins messages.
  static ChatTemplates from_json(const Json& value, const std::string& where);

  /// From a model's folder: chat_template.jinja and additional_chat_templates/*.jinja if there,
  /// otherwise tokenizer_config.json. Empty when there is no template.
  static ChatTemplates from_folder(const std::filesystem::path& folder);

  /// From a GGUF file's tokenizer.chat_template, and tokenizer.chat_template.NAME for others.
  /// Empty when there is none.
  static ChatTemplates from_gguf(const formats::GgufMetadata& metadata);

  /// Throws Error when `source` does not parse.
  void add(const std::string& name, std::string source, const std::string& where);

  bool empty() const { return templates_.empty(); }

  /// "tool_use" for requests with tools, if there is one, otherwise "default". Throws Error when
  /// there is none.
  const ChatTemplate& choose(bool with_tools) const;
  /// The template of that name, or null.
  const ChatTemplate* find(const std::string& name) const;

 private:
  std::map<std::string, ChatTemplate> templates_;
};

}  // namespace frugal::text

// How a model wants conversations written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace frugal::text {

/// The chat templates of a model with the special tokens that they name.
class ChatFormat {
 public:
  /// Whether the folder or file has a template.
  static bool exists(const std::filesystem::path& path);

  /// From a folder, which needs no weights, or a .gguf file. Throws Error when there is no
  /// template.
  static ChatFormat open(const std::filesystem::path& path, const Tokenizer& tokenizer);

  /// Of one template, which names no special tokens.
  static ChatFormat of(std::string chat_template);

  /// The template that render() takes for requests with or without tools.
  const std::string& source(bool with_tools) const;

  std::string render(const ChatRequest& request) const;

  /// The special token that ends an assistant's message, found by writing one. Some models forget
  /// to list it among their end tokens.
  std::optional<std::int32_t> end_of_turn(const Tokenizer& tokenizer) const;

 private:
  ChatTemplates templates_;
  SpecialTokens tokens_;
};

}  // namespace frugal::text

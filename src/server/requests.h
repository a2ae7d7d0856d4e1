// What clients ask, checked: the bodies of /chat/completions and /completions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "server/fields.h"

namespace frugal::server {

/// What all kinds of completion share. What is not set, the model decides.
struct CommonRequest {
  std::string model;  // empty: the server's first
  std::optional<std::int64_t> max_tokens{};
  std::optional<float> temperature{};
  std::optional<float> top_p{};
  std::optional<std::int64_t> top_k{};
  float frequency_penalty = 0;
  float presence_penalty = 0;
  std::vector<std::string> stop{};
  std::optional<std::uint64_t> seed{};
  int n = 1;
  bool stream = false;
  bool include_usage = false;     // a last chunk with the usage
  std::optional<int> logprobs{};  // how many alternatives to report; 0: only the chosen token's
};

/// Which tools the model may or must call.
struct ToolChoice {
  enum class Kind { none, automatic, required, named };
  Kind kind = Kind::automatic;
  std::string name{};  // of the named one
};

/// How the answer has to look; it binds the answer only, never the reasoning before it.
struct ResponseFormat {
  enum class Kind { text, json_object, json_schema };
  Kind kind = Kind::text;
  Json schema{};
};

struct ChatCompletionRequest {
  CommonRequest common;
  Json messages =
      Json::array();  // fit for templates: contents are strings, system and not developer
  Json tools{};       // null or not empty
  ToolChoice tool_choice;
  bool parallel_tool_calls = true;
  ResponseFormat response_format;
  std::optional<bool> thinking{};
  std::optional<std::int64_t> thinking_tokens{};  // the most
  std::optional<std::string> reasoning_effort{};
  bool prefix = false;  // the last message is the beginning of the answer
};

/// Fill-in-the-middle when `suffix` is set, plain continuation otherwise.
struct TextCompletionRequest {
  CommonRequest common;
  std::string prompt;
  std::optional<std::string> suffix{};
  bool echo = false;
};

/// Parses a request's body. Throws ApiError: 400 when it is not a JSON object, 422 naming the field
/// when a field is of another type, out of range or unknown, or is not supported.
ChatCompletionRequest parse_chat_completion(const std::string& body);
TextCompletionRequest parse_text_completion(const std::string& body);

/// The body as JSON; throws ApiError 400.
Json parse_body(const std::string& body);

/// A message's content, a string or an array of text parts, as a string; nothing for null. Throws
/// ApiError 422 naming parts that are no text.
std::optional<std::string> content_text(Fields& message);

/// Throws ApiError 422 naming `field` when there is no tool to choose, or none of that name.
void check_tool_choice(const ToolChoice& choice, const Json& tools, const std::string& field);

/// Checks the field "tools" in OpenAI's form, and returns it; null when it is absent or empty.
Json read_tools(Fields& fields);

}  // namespace frugal::server

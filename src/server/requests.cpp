#include "server/requests.h"

#include <algorithm>

#include "server/api_error.h"

namespace frugal::server {

namespace {

constexpr std::int64_t kMaxTokens = 1 << 30;
constexpr int kMaxChoices = 16;
constexpr int kMaxTopLogprobs = 20;
constexpr std::size_t kMaxStops = 16;
constexpr std::size_t kMaxTools = 128;

std::optional<float> to_float(std::optional<double> value) {
  if (!value) return std::nullopt;
  return static_cast<float>(*value);
}

std::vector<std::string> read_stop(Fields& fields) {
  const Json* value = fields.any("stop");
  std::vector<std::string> stops;
  if (value == nullptr) return stops;
  const Json list = value->is_array() ? *value : Json::array({*value});
  if (list.size() > kMaxStops) fields.refuse("stop", fmt::format("more than {}", kMaxStops));
  for (const Json& stop : list) {
    if (!stop.is_string()) fields.refuse("stop", "expected a string or an array of strings");
    if (stop.get_ref<const std::string&>().empty()) fields.refuse("stop", "a string is empty");
    stops.push_back(stop.get<std::string>());
  }
  return stops;
}

CommonRequest read_common(Fields& fields) {
  CommonRequest common;
  common.model = fields.string("model").value_or("");
  common.max_tokens = fields.integer("max_tokens", 1, kMaxTokens);
  if (const auto newer = fields.integer("max_completion_tokens", 1, kMaxTokens)) {
    common.max_tokens = newer;
  }
  common.temperature = to_float(fields.number("temperature", 0, 2));
  common.top_p = to_float(fields.number("top_p", 0, 1));
  if (common.top_p == 0.0F) common.top_p = 1e-6F;  // the likeliest token alone
  common.frequency_penalty =
      static_cast<float>(fields.number("frequency_penalty", -2, 2).value_or(0));
  common.presence_penalty =
      static_cast<float>(fields.number("presence_penalty", -2, 2).value_or(0));
  common.stop = read_stop(fields);
  if (const auto seed = fields.integer("seed", INT64_MIN, INT64_MAX)) {
    common.seed = static_cast<std::uint64_t>(*seed);
  }
  common.n = static_cast<int>(fields.integer("n", 1, kMaxChoices).value_or(1));
  common.stream = fields.boolean("stream").value_or(false);
  if (const Json* options = fields.object("stream_options")) {
    if (!common.stream) fields.refuse("stream_options", "only together with stream");
    Fields inside(*options, fields.path("stream_options."));
    common.include_usage = inside.boolean("include_usage").value_or(false);
    inside.ignore({"include_obfuscation"});
    inside.finish();
  }
  fields.ignore({"user", "metadata", "store", "service_tier", "safety_identifier",
                 "prompt_cache_key", "prompt_cache_retention"});
  return common;
}

void read_tool_calls(Fields& message, const Json& calls) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Fields call(calls[i], message.path(fmt::format("tool_calls[{}].", i)));
    call.string("id");
    call.word("type", {"function"});
    call.ignore({"index"});
    const Json* function = call.object("function");
    if (function == nullptr) call.refuse("function", "is missing");
    Fields inside(*function, call.path("function."));
    if (!inside.string("name")) inside.refuse("name", "is missing");
    if (!inside.string("arguments")) inside.refuse("arguments", "is missing");
    inside.finish();
    call.finish();
  }
}

// One message, as templates want it.
Json read_message(const Json& json, std::size_t index, bool last, bool& prefix) {
  Fields fields(json, fmt::format("messages[{}].", index));
  auto role = fields.word("role", {"system", "developer", "user", "assistant", "tool"});
  if (!role) fields.refuse("role", "is missing");
  if (role == "developer") role = "system";
  Json message = {{"role", *role}};
  const std::optional<std::string> content = content_text(fields);
  const Json* calls = role == "assistant" ? fields.array("tool_calls") : nullptr;
  if (!content && (calls == nullptr || calls->empty())) fields.refuse("content", "is missing");
  message["content"] = content.value_or("");
  if (const auto name = fields.string("name")) message["name"] = *name;
  if (role == "assistant") {
    if (const auto reasoning = fields.string("reasoning_content")) {
      message["reasoning_content"] = *reasoning;
    }
    if (calls != nullptr && !calls->empty()) {
      read_tool_calls(fields, *calls);
      message["tool_calls"] = *calls;
    }
    prefix = fields.boolean("prefix").value_or(false);
    if (prefix && !last) fields.refuse("prefix", "only on the last message");
    fields.ignore({"refusal", "audio", "annotations", "function_call"});
  }
  if (role == "tool") {
    const auto id = fields.string("tool_call_id");
    if (!id) fields.refuse("tool_call_id", "is missing");
    message["tool_call_id"] = *id;
  }
  fields.finish();
  return message;
}

ToolChoice read_tool_choice(Fields& fields, const Json& tools) {
  ToolChoice choice;
  const Json* value = fields.any("tool_choice");
  if (value == nullptr) return choice;
  if (value->is_string()) {
    const auto word = fields.word("tool_choice", {"none", "auto", "required"});
    choice.kind = word == "none"       ? ToolChoice::Kind::none
                  : word == "required" ? ToolChoice::Kind::required
                                       : ToolChoice::Kind::automatic;
  } else {
    Fields named(*value, fields.path("tool_choice."));
    named.word("type", {"function"});
    const Json* function = named.object("function");
    if (function == nullptr) named.refuse("function", "is missing");
    Fields inside(*function, named.path("function."));
    const auto name = inside.string("name");
    if (!name) inside.refuse("name", "is missing");
    inside.finish();
    named.finish();
    choice = {ToolChoice::Kind::named, *name};
  }
  check_tool_choice(choice, tools, fields.path("tool_choice"));
  return choice;
}

ResponseFormat read_response_format(Fields& fields) {
  ResponseFormat format;
  const Json* value = fields.object("response_format");
  if (value == nullptr) return format;
  Fields inside(*value, fields.path("response_format."));
  const auto type = inside.word("type", {"text", "json_object", "json_schema"});
  if (!type) inside.refuse("type", "is missing");
  if (type == "json_object") format.kind = ResponseFormat::Kind::json_object;
  if (type == "json_schema") {
    format.kind = ResponseFormat::Kind::json_schema;
    const Json* wrapper = inside.object("json_schema");
    if (wrapper == nullptr) inside.refuse("json_schema", "is missing");
    Fields schema(*wrapper, inside.path("json_schema."));
    schema.string("name");
    schema.string("description");
    schema.boolean("strict");
    const Json* found = schema.object("schema");
    if (found == nullptr) schema.refuse("schema", "is missing");
    format.schema = *found;
    schema.finish();
  }
  inside.finish();
  return format;
}

void read_thinking(Fields& fields, ChatCompletionRequest& request) {
  if (const Json* thinking = fields.object("thinking")) {
    Fields inside(*thinking, fields.path("thinking."));
    const auto type = inside.word("type", {"enabled", "disabled", "auto"});
    if (type && type != "auto") request.thinking = type == "enabled";
    request.thinking_tokens = inside.integer("budget_tokens", 0, kMaxTokens);
    inside.finish();
  }
  request.reasoning_effort =
      fields.word("reasoning_effort", {"none", "minimal", "low", "medium", "high", "xhigh", "max"});
  if (request.reasoning_effort == "none" && !request.thinking) request.thinking = false;
}

}  // namespace

void check_tool_choice(const ToolChoice& choice, const Json& tools, const std::string& field) {
  if (choice.kind == ToolChoice::Kind::required && tools.is_null()) {
    throw ApiError(422, field + ": there are no tools", field);
  }
  if (choice.kind != ToolChoice::Kind::named) return;
  const bool known = std::any_of(tools.begin(), tools.end(), [&](const Json& tool) {
    return tool["function"]["name"] == choice.name;
  });
  if (known) return;
  throw ApiError(422, fmt::format("{}: no tool is called {}", field, printable(choice.name)),
                 field);
}

Json parse_body(const std::string& body) {
  try {
    Json json = parse_json(body, "request body");
    if (json.is_object()) return json;
  } catch (const Error& error) {
    throw ApiError(400, error.what());
  }
  throw ApiError(400, "request body: expected a JSON object");
}

std::optional<std::string> content_text(Fields& message) {
  const Json* content = message.any("content");
  if (content == nullptr) return std::nullopt;
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) message.refuse("content", "expected a string or an array of parts");
  std::string text;
  for (std::size_t i = 0; i < content->size(); ++i) {
    Fields part((*content)[i], message.path(fmt::format("content[{}].", i)));
    const auto type = part.string("type");
    if (type != "text") part.refuse("type", "only text is understood");
    const auto piece = part.string("text");
    if (!piece) part.refuse("text", "is missing");
    part.ignore({"cache_control"});
    part.finish();
    if (!text.empty()) text += '\n';
    text += *piece;
  }
  return text;
}

Json read_tools(Fields& fields) {
  const Json* tools = fields.array("tools");
  if (tools == nullptr || tools->empty()) return {};
  if (tools->size() > kMaxTools) fields.refuse("tools", fmt::format("more than {}", kMaxTools));
  for (std::size_t i = 0; i < tools->size(); ++i) {
    Fields tool((*tools)[i], fields.path(fmt::format("tools[{}].", i)));
    tool.word("type", {"function"});
    const Json* function = tool.object("function");
    if (function == nullptr) tool.refuse("function", "is missing");
    Fields inside(*function, tool.path("function."));
    const auto name = inside.string("name");
    if (!name) inside.refuse("name", "is missing");
    const bool plain = std::all_of(name->begin(), name->end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    });
    if (name->empty() || name->size() > 64 || !plain) {
      inside.refuse("name", "expected 1 to 64 letters, digits, dots, dashes or underscores");
    }
    inside.string("description");
    inside.object("parameters");
    inside.boolean("strict");
    inside.finish();
    tool.finish();
  }
  return *tools;
}

ChatCompletionRequest parse_chat_completion(const std::string& body) {
  const Json json = parse_body(body);
  Fields fields(json, "");
  ChatCompletionRequest request;
  request.common = read_common(fields);
  const auto wanted = fields.boolean("logprobs").value_or(false);
  const auto top = fields.integer("top_logprobs", 0, kMaxTopLogprobs);
  if (top && !wanted) fields.refuse("top_logprobs", "only together with logprobs");
  if (wanted) request.common.logprobs = static_cast<int>(top.value_or(0));
  const Json* messages = fields.array("messages");
  if (messages == nullptr || messages->empty()) fields.refuse("messages", "is missing or empty");
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const bool last = i + 1 == messages->size();
    request.messages.push_back(read_message((*messages)[i], i, last, request.prefix));
  }
  request.tools = read_tools(fields);
  request.tool_choice = read_tool_choice(fields, request.tools);
  request.parallel_tool_calls = fields.boolean("parallel_tool_calls").value_or(true);
  request.response_format = read_response_format(fields);
  read_thinking(fields, request);
  fields.finish();
  return request;
}

TextCompletionRequest parse_text_completion(const std::string& body) {
  const Json json = parse_body(body);
  Fields fields(json, "");
  TextCompletionRequest request;
  request.common = read_common(fields);
  if (const auto top = fields.integer("logprobs", 0, kMaxTopLogprobs)) {
    request.common.logprobs = static_cast<int>(*top);
  }
  const auto prompt = fields.string("prompt");
  if (!prompt) fields.refuse("prompt", "is missing");
  request.prompt = *prompt;
  request.suffix = fields.string("suffix");
  request.echo = fields.boolean("echo").value_or(false);
  if (request.echo && request.suffix) fields.refuse("echo", "not together with suffix");
  if (request.echo && request.common.logprobs) fields.refuse("echo", "not together with logprobs");
  if (fields.integer("best_of", 1, kMaxChoices).value_or(1) > request.common.n) {
    fields.refuse("best_of", "more than n is not supported");
  }
  fields.finish();
  return request;
}

}  // namespace frugal::server

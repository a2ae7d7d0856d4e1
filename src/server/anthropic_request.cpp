// From Anthropic's form of a conversation to OpenAI's.
#include <algorithm>

#include "server/anthropic.h"
#include "server/wire.h"

namespace frugal::server {

namespace {

constexpr std::int64_t kMaxTokens = 1 << 30;
constexpr std::size_t kMaxStops = 16;

// The text of a string, or of an array of text blocks.
std::string text_of(Fields& fields, std::string_view name) {
  const Json* value = fields.any(name);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  if (!value->is_array()) fields.refuse(name, "expected a string or an array of blocks");
  std::string text;
  for (std::size_t i = 0; i < value->size(); ++i) {
    Fields block((*value)[i], fields.path(fmt::format("{}[{}].", name, i)));
    if (block.string("type") != "text") block.refuse("type", "only text is understood here");
    if (!text.empty()) text += '\n';
    text += block.string("text").value_or("");
    block.ignore({"cache_control", "citations"});
    block.finish();
  }
  return text;
}

// What one message's blocks become: results of tools stand before the text of a user's message.
struct Blocks {
  std::string text;
  std::string reasoning;
  Json calls = Json::array();
  Json results = Json::array();
};

void read_block(const Json& json, const std::string& where, Blocks& blocks) {
  Fields block(json, where);
  const auto type =
      block.word("type", {"text", "thinking", "redacted_thinking", "tool_use", "tool_result"});
  if (!type) block.refuse("type", "is missing");
  const auto wanted = [&](const char* name) {
    const auto value = block.string(name);
    if (!value) block.refuse(name, "is missing");
    return *value;
  };
  if (type == "text") {
    if (!blocks.text.empty()) blocks.text += '\n';
    blocks.text += wanted("text");
  } else if (type == "thinking") {
    blocks.reasoning += wanted("thinking");
  } else if (type == "tool_use") {
    const Json* input = block.object("input");
    if (input == nullptr) block.refuse("input", "is missing");
    blocks.calls.push_back(
        {{"id", wanted("id")},
         {"type", "function"},
         {"function", {{"name", wanted("name")}, {"arguments", to_wire(*input)}}}});
  } else if (type == "tool_result") {
    const std::string id = wanted("tool_use_id");
    const bool failed = block.boolean("is_error").value_or(false);
    blocks.results.push_back({{"role", "tool"},
                              {"content", (failed ? "Error: " : "") + text_of(block, "content")},
                              {"tool_call_id", id}});
  }
  block.ignore({"cache_control", "citations", "signature", "data", "caller"});
  block.finish();
}

void read_message(const Json& json, std::size_t index, Json& messages) {
  Fields fields(json, fmt::format("messages[{}].", index));
  const auto role = fields.word("role", {"user", "assistant"});
  if (!role) fields.refuse("role", "is missing");
  const Json* content = fields.any("content");
  if (content == nullptr) fields.refuse("content", "is missing");
  Blocks blocks;
  if (content->is_string()) {
    blocks.text = content->get<std::string>();
  } else if (content->is_array()) {
    for (std::size_t i = 0; i < content->size(); ++i) {
      read_block((*content)[i], fields.path(fmt::format("content[{}].", i)), blocks);
    }
  } else {
    fields.refuse("content", "expected a string or an array of blocks");
  }
  fields.finish();
  for (Json& result : blocks.results) messages.push_back(std::move(result));
  if (role == "user" && blocks.text.empty() && !blocks.results.empty()) return;
  Json message = {{"role", *role}, {"content", blocks.text}};
  if (!blocks.reasoning.empty()) message["reasoning_content"] = blocks.reasoning;
  if (!blocks.calls.empty()) message["tool_calls"] = std::move(blocks.calls);
  messages.push_back(std::move(message));
}

// As OpenAI's "tools".
Json read_anthropic_tools(Fields& fields) {
  const Json* list = fields.array("tools");
  if (list == nullptr || list->empty()) return {};
  Json tools = Json::array();
  for (std::size_t i = 0; i < list->size(); ++i) {
    Fields tool((*list)[i], fields.path(fmt::format("tools[{}].", i)));
    tool.word("type", {"custom"});
    Json function = {{"name", tool.string("name").value_or("")}};
    if (const auto text = tool.string("description")) function["description"] = *text;
    if (const Json* schema = tool.object("input_schema")) function["parameters"] = *schema;
    if (const auto strict = tool.boolean("strict")) function["strict"] = *strict;
    tool.ignore({"cache_control"});
    tool.finish();
    tools.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  const Json wrapped = {{"tools", std::move(tools)}};
  Fields checked(wrapped, "");
  return read_tools(checked);
}

void read_anthropic_choice(Fields& fields, ChatCompletionRequest& request) {
  const Json* value = fields.object("tool_choice");
  if (value == nullptr) return;
  Fields choice(*value, fields.path("tool_choice."));
  const auto type = choice.word("type", {"auto", "any", "tool", "none"});
  if (type == "none") request.tool_choice.kind = ToolChoice::Kind::none;
  if (type == "any") request.tool_choice.kind = ToolChoice::Kind::required;
  if (type == "tool") {
    request.tool_choice = {ToolChoice::Kind::named, choice.string("name").value_or("")};
  }
  request.parallel_tool_calls = !choice.boolean("disable_parallel_tool_use").value_or(false);
  choice.ignore({"name"});
  choice.finish();
  check_tool_choice(request.tool_choice, request.tools, fields.path("tool_choice"));
}

}  // namespace

ChatCompletionRequest parse_anthropic(const std::string& body, bool counting) {
  const Json json = parse_body(body);
  Fields fields(json, "");
  ChatCompletionRequest request;
  CommonRequest& common = request.common;
  common.model = fields.string("model").value_or("");
  common.max_tokens = fields.integer("max_tokens", 1, kMaxTokens);
  if (!common.max_tokens && !counting) fields.refuse("max_tokens", "is missing");
  if (const auto value = fields.number("temperature", 0, 2)) {
    common.temperature = static_cast<float>(*value);
  }
  if (const auto value = fields.number("top_p", 0, 1)) {
    common.top_p = std::max(static_cast<float>(*value), 1e-6F);
  }
  common.top_k = fields.integer("top_k", 0, 1 << 20);
  common.stream = fields.boolean("stream").value_or(false);
  if (const Json* stops = fields.array("stop_sequences")) {
    if (stops->size() > kMaxStops)
      fields.refuse("stop_sequences", fmt::format("more than {}", kMaxStops));
    for (const Json& stop : *stops) {
      if (!stop.is_string() || stop.get_ref<const std::string&>().empty()) {
        fields.refuse("stop_sequences", "expected strings that are not empty");
      }
      common.stop.push_back(stop.get<std::string>());
    }
  }
  if (const std::string system = text_of(fields, "system"); !system.empty()) {
    request.messages.push_back({{"role", "system"}, {"content", system}});
  }
  const Json* messages = fields.array("messages");
  if (messages == nullptr || messages->empty()) fields.refuse("messages", "is missing or empty");
  for (std::size_t i = 0; i < messages->size(); ++i) {
    read_message((*messages)[i], i, request.messages);
  }
  // An answer that has begun is gone on with.
  const Json& last = request.messages.back();
  request.prefix = last["role"] == "assistant" && !last.contains("tool_calls");
  request.tools = read_anthropic_tools(fields);
  read_anthropic_choice(fields, request);
  if (const Json* thinking = fields.object("thinking")) {
    Fields inside(*thinking, "thinking.");
    const auto type = inside.word("type", {"enabled", "disabled", "adaptive"});
    if (type && type != "adaptive") request.thinking = type == "enabled";
    request.thinking_tokens = inside.integer("budget_tokens", 0, kMaxTokens);
    inside.ignore({"display"});
    inside.finish();
  }
  fields.ignore({"metadata", "service_tier", "betas", "container", "inference_geo"});
  fields.finish();
  return request;
}

}  // namespace frugal::server

#include "text/tool_calls.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "text/tags.h"

namespace frugal::text {

namespace {

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kCallBegin = "<｜tool▁call▁begin｜>";
constexpr std::string_view kCallEnd = "<｜tool▁call▁end｜>";
constexpr std::string_view kSeparator = "<｜tool▁sep｜>";
constexpr std::string_view kFence = "\n```json\n";
constexpr std::string_view kPythonTag = "<|python_tag|>";
constexpr std::size_t kMaxNameBytes = 256;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<ToolCall> call_from(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto name = json.find("name");
  if (name == json.end() || !name->is_string()) return std::nullopt;
  for (const char* key : {"arguments", "parameters"}) {
    const auto arguments = json.find(key);
    if (arguments == json.end()) continue;
    if (arguments->is_object()) {
      return ToolCall{name->get<std::string>(),
                      arguments->dump(-1, ' ', false, Json::error_handler_t::replace)};
    }
  }
  return std::nullopt;
}

std::optional<Json> try_parse(std::string_view text) {
  try {
    return parse_json(text, "tool call");
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<ToolCall> deepseek_call(std::string_view body) {
  const auto separator = body.find(kSeparator);
  if (separator == std::string_view::npos) return std::nullopt;
  std::string_view name = trimmed(body.substr(0, separator));
  std::string_view arguments = body.substr(separator + kSeparator.size());
  const auto fence = arguments.find(kFence);
  if (fence != std::string_view::npos) {  // "function", and the name behind the separator
    name = trimmed(arguments.substr(0, fence));
    arguments.remove_prefix(fence + kFence.size());
    arguments = arguments.substr(0, arguments.rfind("```"));
  }
  const std::optional<Json> json = try_parse(trimmed(arguments));
  if (!json || !json->is_object() || name.empty() || name.size() > kMaxNameBytes) {
    return std::nullopt;
  }
  return ToolCall{std::string(name), std::string(trimmed(arguments))};
}

std::optional<std::vector<ToolCall>> deepseek_calls(std::string_view body) {
  std::vector<ToolCall> calls;
  for (;;) {
    const auto begin = body.find(kCallBegin);
    if (begin == std::string_view::npos) break;
    body.remove_prefix(begin + kCallBegin.size());
    const auto end = std::min(body.find(kCallEnd), body.size());
    const auto call = deepseek_call(body.substr(0, end));
    if (!call) return std::nullopt;
    calls.push_back(*call);
    body.remove_prefix(end);
  }
  if (calls.empty()) return std::nullopt;
  return calls;
}

// Where the JSON object at the start of `text` ends, by its brackets outside of strings; 0 when it
// does not.
std::size_t object_length(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

// {...}; {...}
std::optional<std::vector<ToolCall>> llama_calls(std::string_view body) {
  std::vector<ToolCall> calls;
  body = trimmed(body);
  if (body.starts_with(kPythonTag)) body = trimmed(body.substr(kPythonTag.size()));
  while (!body.empty()) {
    const std::size_t length = body.starts_with('{') ? object_length(body) : 0;
    if (length == 0) return std::nullopt;
    const std::optional<Json> json = try_parse(body.substr(0, length));
    const auto call = json ? call_from(*json) : std::nullopt;
    if (!call) return std::nullopt;
    calls.push_back(*call);
    body = trimmed(body.substr(length));
    if (body.starts_with(';')) body = trimmed(body.substr(1));
  }
  if (calls.empty()) return std::nullopt;
  return calls;
}

}  // namespace

std::optional<ToolStyle> tool_style(std::string_view source) {
  const auto has = [&](std::string_view text) {
    return source.find(text) != std::string_view::npos;
  };
  if (!has("tool")) return std::nullopt;
  if (has("<｜tool▁calls▁begin｜>"))
    return has("```json") ? ToolStyle::deepseek_v3 : ToolStyle::deepseek_v31;
  if (has("<function=")) return std::nullopt;  // Qwen3-Coder's XML
  if (has("<tool_call>")) return ToolStyle::hermes;
  if (has("python_tag") || has("\"parameters\": ")) return ToolStyle::llama3;
  return std::nullopt;
}

std::optional<std::vector<ToolCall>> read_calls(ToolStyle style, std::string_view body) {
  if (style == ToolStyle::llama3) return llama_calls(body);
  if (style != ToolStyle::hermes) return deepseek_calls(body);
  const std::optional<Json> json = try_parse(trimmed(body));
  const auto call = json ? call_from(*json) : std::nullopt;
  if (!call) return std::nullopt;
  return std::vector<ToolCall>{*call};
}

ToolCallParser::ToolCallParser(ToolStyle style) : style_(style) {
  if (style_ == ToolStyle::hermes) {
    open_ = "<tool_call>";
    close_ = "</tool_call>";
  } else if (style_ != ToolStyle::llama3) {
    open_ = "<｜tool▁calls▁begin｜>";
    close_ = "<｜tool▁calls▁end｜>";
  }
}

// Each step consumes from kept_; false when more text is needed.
bool ToolCallParser::step_outside(Output& output, bool at_end) {
  const auto open = kept_.find(open_);
  if (open != std::string::npos) {
    const std::string_view before = std::string_view(kept_).substr(0, open);
    const auto last = before.find_last_not_of(kBlank);  // blanks before a call belong to it
    if (last != std::string_view::npos) output.text += before.substr(0, last + 1);
    kept_.erase(0, open + open_.size());
    inside_ = true;
    return true;
  }
  std::size_t certain = kept_.size();
  if (!at_end) {
    certain -= possible_beginning(kept_, open_);
    const auto last = std::string_view(kept_).substr(0, certain).find_last_not_of(kBlank);
    certain = last == std::string_view::npos ? 0 : last + 1;
  }
  output.text += kept_.substr(0, certain);
  kept_.erase(0, certain);
  return false;
}

bool ToolCallParser::step_inside(Output& output, bool at_end) {
  const auto close = kept_.find(close_);
  if (close == std::string::npos && !at_end) return false;
  const std::string body = kept_.substr(0, close);
  kept_.erase(0, close == std::string::npos ? kept_.size() : close + close_.size());
  inside_ = false;
  if (auto calls = read_calls(style_, body)) {
    for (ToolCall& call : *calls) output.calls.push_back(std::move(call));
  } else {
    output.text += open_ + body + (close == std::string::npos ? "" : close_);
  }
  return true;
}

// Of llama3: all or nothing.
void ToolCallParser::read_whole(Output& output) {
  if (auto calls = read_calls(style_, kept_)) {
    output.calls = std::move(*calls);
  } else {
    output.text = kept_;
  }
  kept_.clear();
}

ToolCallParser::Output ToolCallParser::feed(std::string_view text) {
  Output output;
  kept_ += text;
  if (style_ == ToolStyle::llama3) {
    const std::string_view start = trimmed(kept_);
    plain_ = plain_ || (!start.empty() && !start.starts_with('{') &&
                        !kPythonTag.starts_with(start) && !start.starts_with(kPythonTag));
    if (plain_) output.text = std::exchange(kept_, {});
    return output;
  }
  while (inside_ ? step_inside(output, false) : step_outside(output, false)) {
  }
  return output;
}

ToolCallParser::Output ToolCallParser::finish() {
  Output output;
  if (style_ == ToolStyle::llama3) {
    read_whole(output);
    return output;
  }
  while (!kept_.empty() || inside_) {
    if (!(inside_ ? step_inside(output, true) : step_outside(output, true))) break;
  }
  return output;
}

}  // namespace frugal::text

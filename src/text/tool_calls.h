// How models write calls of tools, and how to read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/grammar.h"

namespace frugal::text {

/// The dialects, named after who began them.
enum class ToolStyle {
  hermes,        // <tool_call>{"name": ..., "arguments": {...}}</tool_call>, as Qwen writes
  deepseek_v3,   // between DeepSeek's markers, the arguments in a ```json block
  deepseek_v31,  // between the markers, the arguments as they are
  llama3,        // the whole answer is {"name": ..., "parameters": {...}}
};

/// The dialect that a chat template teaches; nothing when it knows no tools, or writes them in a
/// way that is not known here.
std::optional<ToolStyle> tool_style(std::string_view template_source);

struct ToolCall {
  std::string name;
  std::string arguments;  // an object as JSON
  bool operator==(const ToolCall&) const = default;
};

/// Cuts an answer, which comes in pieces, into text and calls. What cannot be read as a call stays
/// text.
class ToolCallParser {
 public:
  explicit ToolCallParser(ToolStyle style);

  struct Output {
    std::string text{};
    std::vector<ToolCall> calls{};
  };
  /// What is certain now.
  Output feed(std::string_view text);
  /// The rest.
  Output finish();

 private:
  bool step_outside(Output& output, bool at_end);
  bool step_inside(Output& output, bool at_end);
  void read_whole(Output& output);

  ToolStyle style_;
  std::string open_;
  std::string close_;
  std::string kept_;
  bool inside_ = false;
  bool plain_ = false;  // of llama3: the answer did not begin as a call
};

/// The calls in what stands between the markers; nothing when it cannot be read.
std::optional<std::vector<ToolCall>> read_calls(ToolStyle style, std::string_view body);

/// A tool that may be called.
struct ToolShape {
  std::string name;
  Json parameters;      // a JSON schema; null: any object
  bool strict = false;  // the schema has to hold
};

/// What holds an answer to well-formed calls.
struct ToolGrammar {
  Grammar grammar;
  /// Where the grammar begins to hold; empty: from the start.
  std::string trigger;
};

/// `required`: the answer consists of calls, of one only unless `parallel`. Otherwise calls are
/// held to the grammar where the model begins one. Schemas of tools that are not strict hold where
/// they are supported. Throws Error on strict ones that are not.
ToolGrammar tool_grammar(ToolStyle style, const std::vector<ToolShape>& tools, bool required,
                         bool parallel);

/// For models whose template knows no tools: the tools described in a system message, and calls and
/// results of the conversation so far as text, in the style `hermes`.
Json write_tools_as_text(Json messages, const Json& tools);

}  // namespace frugal::text

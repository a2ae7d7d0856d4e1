// Grammars of tool calls, and tools for templates that know none.
#include "base/error.h"
#include "text/json_grammar.h"
#include "text/tool_calls.h"

namespace frugal::text {

namespace {

using Rule = Grammar::Rule;

constexpr std::int64_t kMaxCalls = 16;

// Strict schemas leave nothing open: every property is required, and there are no others.
void check_strict(const Json& schema, const std::string& place) {
  if (schema.is_array()) {
    for (const Json& part : schema) check_strict(part, place);
  }
  if (!schema.is_object()) return;
  const auto properties = schema.find("properties");
  if (properties != schema.end() && properties->is_object()) {
    require(schema.value("additionalProperties", Json()) == false,
            "{}: a strict tool needs additionalProperties: false", place);
    const Json required = schema.value("required", Json::array());
    for (const auto& [name, value] : properties->items()) {
      bool listed = false;
      for (const Json& entry : required) listed = listed || entry == name;
      require(listed, "{}: of a strict tool every property is required, and {} is not", place,
              printable(name));
    }
  }
  for (const auto& [key, value] : schema.items()) {
    if (value.is_structured() && key != "enum" && key != "const" && key != "required") {
      check_strict(value, place);
    }
  }
}

class ToolGrammarBuilder {
 public:
  ToolGrammarBuilder(ToolStyle style, Grammar& grammar)
      : style_(style), g_(grammar), json_(grammar) {}

  Rule call(const ToolShape& tool) {
    const Rule arguments = this->arguments(tool);
    const std::string name = Json(tool.name).dump();
    switch (style_) {
      case ToolStyle::hermes:
        return around("{\"name\": " + name + ", \"arguments\": ", arguments, "}");
      case ToolStyle::llama3:
        return around("{\"name\": " + name + ", \"parameters\": ", arguments, "}");
      case ToolStyle::deepseek_v3:
        return around("<｜tool▁call▁begin｜>function<｜tool▁sep｜>" + tool.name + "\n```json\n",
                      arguments, "\n```<｜tool▁call▁end｜>");
      case ToolStyle::deepseek_v31:
        return around("<｜tool▁call▁begin｜>" + tool.name + "<｜tool▁sep｜>", arguments,
                      "<｜tool▁call▁end｜>");
    }
    fail("unknown style of tool calls");
  }

  // All calls of an answer, behind the opening marker.
  Rule calls(Rule call, std::int64_t most) {
    const Rule line = g_.optional(g_.literal("\n"));
    switch (style_) {
      case ToolStyle::hermes: {
        const Rule body = g_.sequence({line, call, line, g_.literal("</tool_call>")});
        const Rule between = g_.sequence({line, g_.literal("<tool_call>")});
        return g_.repeat(body, 1, most, between);
      }
      case ToolStyle::llama3:
        return g_.repeat(call, 1, most, g_.literal("; "));
      case ToolStyle::deepseek_v3:
      case ToolStyle::deepseek_v31:
        return g_.sequence({g_.repeat(call, 1, most, line), g_.literal("<｜tool▁calls▁end｜>")});
    }
    fail("unknown style of tool calls");
  }

 private:
  Rule around(const std::string& before, Rule rule, const std::string& behind) {
    return g_.sequence({g_.literal(before), rule, g_.literal(behind)});
  }

  Rule arguments(const ToolShape& tool) {
    if (tool.parameters.is_null()) return json_.any_object();
    const std::string place = "tool " + tool.name;
    if (tool.strict) {
      check_strict(tool.parameters, place);
      return json_.schema(tool.parameters);
    }
    const Grammar before = g_;
    try {
      const Rule rule = json_.schema(tool.parameters);
      g_.set_root(rule);
      g_.check();  // a schema may also refer to itself in vain
      return rule;
    } catch (const Error&) {
      g_ = before;  // without the rules of a schema that was not understood to its end
      return json_.any_object();
    }
  }

  ToolStyle style_;
  Grammar& g_;
  JsonGrammar json_;
};

std::string opening(ToolStyle style) {
  if (style == ToolStyle::hermes) return "<tool_call>";
  return style == ToolStyle::llama3 ? "" : "<｜tool▁calls▁begin｜>";
}

std::string system_text(const Json& tools) {
  std::string text = "You may call tools. They are described here, one a line, as JSON:\n<tools>\n";
  for (const Json& tool : tools) text += tool.dump() + "\n";
  return text +
         "</tools>\nTo call one, answer with its name and arguments as JSON between these tags:\n"
         "<tool_call>\n{\"name\": \"NAME\", \"arguments\": {...}}\n</tool_call>";
}

std::string written_calls(const Json& calls) {
  std::string text;
  for (const Json& call : calls) {
    const Json& function = call["function"];
    const Json& arguments = function["arguments"];
    text += "\n<tool_call>\n{\"name\": " + function["name"].dump() + ", \"arguments\": " +
            (arguments.is_string() ? arguments.get<std::string>() : arguments.dump()) +
            "}\n</tool_call>";
  }
  return text;
}

}  // namespace

ToolGrammar tool_grammar(ToolStyle style, const std::vector<ToolShape>& tools, bool required,
                         bool parallel) {
  ToolGrammar result;
  Grammar& g = result.grammar;
  ToolGrammarBuilder builder(style, g);
  std::vector<Rule> choices;
  choices.reserve(tools.size());
  for (const ToolShape& tool : tools) choices.push_back(builder.call(tool));
  const Rule calls = builder.calls(g.choice(choices), parallel ? kMaxCalls : 1);
  if (required) {
    g.set_root(g.sequence({g.literal(opening(style)), calls}));
  } else if (style == ToolStyle::llama3) {
    // The answer's first character decides whether it is a call.
    const Rule other = g.bytes(~ByteSet().set('{'));
    const Rule any = g.repeat(g.bytes(ByteSet().set()), 0, -1);
    g.set_root(g.choice({calls, g.sequence({other, any})}));
  } else {
    g.set_root(calls);
    result.trigger = opening(style);
  }
  return result;
}

Json write_tools_as_text(Json messages, const Json& tools) {
  Json written = Json::array();
  written.push_back({{"role", "system"}, {"content", system_text(tools)}});
  for (Json& message : messages) {
    const std::string role = message["role"].get<std::string>();
    const std::string content = message.value("content", "");
    if (role == "system" && written.size() == 1) {
      written[0]["content"] = content + "\n\n" + written[0]["content"].get<std::string>();
    } else if (role == "tool") {
      const std::string result = "<tool_response>\n" + content + "\n</tool_response>";
      const bool follows = written.back().contains("results");
      if (follows) {
        written.back()["content"] = written.back()["content"].get<std::string>() + "\n" + result;
      } else {
        written.push_back({{"role", "user"}, {"content", result}, {"results", true}});
      }
    } else if (message.contains("tool_calls")) {
      written.push_back(
          {{"role", "assistant"}, {"content", content + written_calls(message["tool_calls"])}});
    } else {
      written.push_back(std::move(message));
    }
  }
  for (Json& message : written) message.erase("results");
  return written;
}

}  // namespace frugal::text

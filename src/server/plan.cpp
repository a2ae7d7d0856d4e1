// From a checked request to what the engine is asked.
#include <algorithm>
#include <random>

#include "server/api_error.h"
#include "server/endpoint.h"
#include "text/fim.h"
#include "text/json_grammar.h"
#include "text/thinking.h"

namespace frugal::server {

namespace {

// Templates differ in whether a call's arguments are an object or the text of one; OpenAI's API has
// the text.
Json with_parsed_arguments(Json messages) {
  for (Json& message : messages) {
    if (!message.contains("tool_calls")) continue;
    for (Json& call : message["tool_calls"]) {
      Json& arguments = call["function"]["arguments"];
      try {
        arguments = parse_json(arguments.get_ref<const std::string&>(), "arguments");
      } catch (const Error&) {  // a model may have written anything
      }
    }
  }
  return messages;
}

std::string render(const text::ChatFormat& format, text::ChatRequest request) {
  const Json as_sent = request.messages;
  request.messages = with_parsed_arguments(as_sent);
  try {
    return format.render(request);
  } catch (const Error&) {
    if (request.messages == as_sent) throw;
    request.messages = as_sent;
    return format.render(request);
  }
}

// The tools that the model is shown, and how it will call them.
std::optional<text::ToolStyle> add_tools(const ChatCompletionRequest& request,
                                         const ServedModel& model, text::ChatRequest& chat) {
  const bool none = request.tool_choice.kind == ToolChoice::Kind::none;
  const bool is_talked_of =
      std::any_of(request.messages.begin(), request.messages.end(), [](const Json& message) {
        return message.contains("tool_calls") || message["role"] == "tool";
      });
  if (request.tools.is_null() && !is_talked_of) return std::nullopt;
  const auto style = text::tool_style(model.format->source(true));
  if (style) {
    if (!none) chat.tools = request.tools;
  } else {
    const Json& shown = none || request.tools.is_null() ? Json::array() : request.tools;
    chat.messages = text::write_tools_as_text(std::move(chat.messages), shown);
  }
  if (none || request.tools.is_null()) return std::nullopt;
  return style.value_or(text::ToolStyle::hermes);
}

std::vector<text::ToolShape> tool_shapes(const ChatCompletionRequest& request) {
  std::vector<text::ToolShape> shapes;
  for (const Json& tool : request.tools) {
    const Json& function = tool["function"];
    const auto name = function["name"].get<std::string>();
    const bool named = request.tool_choice.kind == ToolChoice::Kind::named;
    if (named && name != request.tool_choice.name) continue;
    shapes.push_back(
        {name, function.value("parameters", Json()), function.value("strict", Json()) == true});
  }
  return shapes;
}

// What holds the answer to JSON or to well-formed calls; null when it is free.
std::shared_ptr<engine::TokenConstraint> make_constraint(const ChatCompletionRequest& request,
                                                         std::optional<text::ToolStyle> tools,
                                                         engine::ConstraintOptions options) {
  const bool is_text = request.response_format.kind == ResponseFormat::Kind::text;
  text::Grammar grammar;
  if (tools) {
    const ToolChoice::Kind choice = request.tool_choice.kind;
    const bool required = choice == ToolChoice::Kind::required || choice == ToolChoice::Kind::named;
    if (!is_text && !required) {
      throw ApiError(422, "response_format: not together with tools that may or may not be called",
                     "response_format");
    }
    const bool parallel = request.parallel_tool_calls && choice != ToolChoice::Kind::named;
    text::ToolGrammar made = text::tool_grammar(*tools, tool_shapes(request), required, parallel);
    grammar = std::move(made.grammar);
    options.trigger = std::move(made.trigger);
  } else if (!is_text) {
    text::JsonGrammar json(grammar);
    const bool has_schema = request.response_format.kind == ResponseFormat::Kind::json_schema;
    grammar.set_root(has_schema ? json.schema(request.response_format.schema) : json.any_object());
  } else {
    return nullptr;
  }
  return std::make_shared<engine::TokenConstraint>(
      std::make_shared<text::GrammarMachine>(std::move(grammar)), std::move(options));
}

void constrain(const ChatCompletionRequest& request, const ServedModel& model, bool no_thinking,
               GenerationPlan& plan) {
  engine::ConstraintOptions options;
  if (text::ThinkingSplitter(*plan.chat_prompt).thinking()) {
    options.free_until = "</think>";
  } else if (!no_thinking && !request.prefix && model.tokenizer.id_of("<think>")) {
    options.may_open = "<think>";
  }
  try {
    plan.request.constraint = make_constraint(request, plan.tools, std::move(options));
  } catch (const ApiError&) {
    throw;
  } catch (const Error& error) {
    throw ApiError(422, error.what(), plan.tools ? "tools" : "response_format");
  }
}

}  // namespace

engine::Request engine_request(const CommonRequest& common, const ServedModel& model,
                               const std::string& owner) {
  engine::Request request;
  request.sampling = model.defaults;
  request.sampling.temperature = common.temperature.value_or(model.defaults.temperature);
  request.sampling.top_p = common.top_p.value_or(model.defaults.top_p);
  request.sampling.top_k = common.top_k.value_or(model.defaults.top_k);
  request.sampling.frequency_penalty = common.frequency_penalty;
  request.sampling.presence_penalty = common.presence_penalty;
  request.sampling.seed = common.seed ? *common.seed : std::random_device{}();
  request.max_tokens = common.max_tokens;
  request.stop_tokens = model.stop_tokens;
  request.stop_strings = common.stop;
  request.logprobs = common.logprobs;
  request.owner = owner;
  return request;
}

GenerationPlan plan_chat(const ChatCompletionRequest& request, const ServedModel& model,
                         const std::string& owner) {
  if (!model.format) {
    throw ApiError(422, "this model has no chat template; /completions continues texts", "model");
  }
  text::ChatRequest chat;
  chat.messages = request.messages;
  chat.add_generation_prompt = !request.prefix;
  chat.continue_final_message = request.prefix;
  const bool no_thinking = request.thinking == false || request.thinking_tokens == 0;
  if (request.thinking || no_thinking) {  // Qwen3 and DeepSeek-V3.1 call it differently
    chat.extra = {{"enable_thinking", !no_thinking}, {"thinking", !no_thinking}};
  }
  if (request.reasoning_effort) chat.extra["reasoning_effort"] = *request.reasoning_effort;

  GenerationPlan plan;
  plan.choices = request.common.n;
  plan.tools = add_tools(request, model, chat);
  plan.request = engine_request(request.common, model, owner);
  std::string prompt;
  try {
    prompt = render(*model.format, std::move(chat));
  } catch (const Error& error) {
    throw ApiError(422, fmt::format("the model's chat template: {}", error.what()), "messages");
  }
  // Models that know no switch, such as R1's, are given reasoning that is over already.
  if (no_thinking && text::ThinkingSplitter(prompt).thinking()) prompt += "\n</think>\n\n";
  plan.request.prompt = model.tokenizer.encode(prompt, {.add_special_tokens = false});
  plan.chat_prompt = std::move(prompt);
  if (!no_thinking) plan.thinking_tokens = request.thinking_tokens;
  constrain(request, model, no_thinking, plan);
  return plan;
}

GenerationPlan plan_text(const TextCompletionRequest& request, const ServedModel& model,
                         const std::string& owner) {
  GenerationPlan plan;
  plan.choices = request.common.n;
  plan.request = engine_request(request.common, model, owner);
  std::vector<std::int32_t>& prompt = plan.request.prompt;
  const auto append = [&](const std::string& text, bool start) {
    const auto tokens =
        model.tokenizer.encode(text, {.add_special_tokens = start, .parse_special = false});
    prompt.insert(prompt.end(), tokens.begin(), tokens.end());
  };
  if (!request.suffix) {
    append(request.prompt, true);
    return plan;
  }
  const std::optional<text::FimTokens> fim = text::fim_tokens(model.tokenizer);
  if (!fim) {
    throw ApiError(422, "this model's vocabulary has no tokens to fill in the middle", "suffix");
  }
  append("", true);
  prompt.push_back(fim->prefix);
  append(request.prompt, false);
  prompt.push_back(fim->suffix);
  append(*request.suffix, false);
  prompt.push_back(fim->middle);
  return plan;
}

}  // namespace frugal::server

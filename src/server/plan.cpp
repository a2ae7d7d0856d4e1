// From a checked request to what the engine is asked.
#include <algorithm>
#include <random>

#include "server/api_error.h"
#include "server/endpoint.h"
#include "text/fim.h"

namespace frugal::server {

namespace {

constexpr std::string_view kOpenThinking = "<think>";

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

// Whether the text ends with <think>, white space aside.
bool ends_in_thinking(const std::string& prompt) {
  const auto last = prompt.find_last_not_of(" \t\r\n");
  return last != std::string::npos &&
         std::string_view(prompt).substr(0, last + 1).ends_with(kOpenThinking);
}

}  // namespace

engine::Request engine_request(const CommonRequest& common, const ServedModel& model,
                               const std::string& owner) {
  engine::Request request;
  request.sampling = model.defaults;
  request.sampling.temperature = common.temperature.value_or(model.defaults.temperature);
  request.sampling.top_p = common.top_p.value_or(model.defaults.top_p);
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
  chat.tools = request.tool_choice.kind == ToolChoice::Kind::none ? Json() : request.tools;
  chat.add_generation_prompt = !request.prefix;
  chat.continue_final_message = request.prefix;
  const bool no_thinking = request.thinking == false || request.thinking_tokens == 0;
  if (request.thinking || no_thinking) {  // Qwen3 and DeepSeek-V3.1 call it differently
    chat.extra = {{"enable_thinking", !no_thinking}, {"thinking", !no_thinking}};
  }
  if (request.reasoning_effort) chat.extra["reasoning_effort"] = *request.reasoning_effort;

  GenerationPlan plan;
  plan.choices = request.common.n;
  plan.request = engine_request(request.common, model, owner);
  std::string prompt;
  try {
    prompt = render(*model.format, std::move(chat));
  } catch (const Error& error) {
    throw ApiError(422, fmt::format("the model's chat template: {}", error.what()), "messages");
  }
  // Models that know no switch, such as R1's, are given reasoning that is over already.
  if (no_thinking && ends_in_thinking(prompt)) prompt += "\n</think>\n\n";
  plan.request.prompt = model.tokenizer.encode(prompt, {.add_special_tokens = false});
  plan.chat_prompt = std::move(prompt);
  if (!no_thinking) plan.thinking_tokens = request.thinking_tokens;
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

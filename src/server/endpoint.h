// What the endpoints that generate text share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/generation.h"
#include "server/http.h"
#include "server/requests.h"

namespace frugal::server {

/// One call of an endpoint that generates text.
struct Call {
  std::shared_ptr<Exchange> exchange;
  std::shared_ptr<ServedModel> model;
  std::int64_t prompt_tokens = 0;
};

/// The engine's request for what all kinds of completion share. `owner` shares the prefix cache
/// with itself alone.
engine::Request engine_request(const CommonRequest& common, const ServedModel& model,
                               const std::string& owner);

/// The prompt of a conversation: the model's template, its switch for thinking, its tools.
GenerationPlan plan_chat(const ChatCompletionRequest& request, const ServedModel& model,
                         const std::string& owner);
GenerationPlan plan_text(const TextCompletionRequest& request, const ServedModel& model,
                         const std::string& owner);

/// Listeners that answer in OpenAI's form with DeepSeek's fields.
std::shared_ptr<GenerationListener> chat_writer(Call call, const ChatCompletionRequest& request);
std::shared_ptr<GenerationListener> text_writer(Call call, const TextCompletionRequest& request);

/// As "finish_reason".
const char* finish_reason(const ChoiceEnd& end);
/// As "usage".
Json usage_json(const Usage& usage);
/// As an element of "logprobs": {token, logprob, bytes, top_logprobs}.
Json logprob_json(const engine::Sample& sample, const text::Tokenizer& tokenizer);

}  // namespace frugal::server

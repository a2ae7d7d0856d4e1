// Anthropic's messages API over the same conversations.
#pragma once

#include <memory>
#include <string>

#include "server/api_error.h"
#include "server/endpoint.h"

namespace frugal::server {

/// The body of POST /v1/messages as the conversation that it is. Throws ApiError as
/// parse_chat_completion() does. `counting`: only the tokens are wanted, so max_tokens may be
/// missing.
ChatCompletionRequest parse_anthropic(const std::string& body, bool counting = false);

/// Answers as a message with content blocks, whole or by Anthropic's stream events.
std::shared_ptr<GenerationListener> anthropic_writer(Call call, bool stream);

/// {"type": "error", "error": {type, message}}
HttpResponse anthropic_error(const ApiError& error);

}  // namespace frugal::server

#include "cli/answer.h"

#include <chrono>

#include "base/error.h"

namespace frugal::cli {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double Answer::speed() const {
  const std::size_t timed = tokens.empty() ? 0 : tokens.size() - 1;
  return answer_seconds > 0 ? static_cast<double>(timed) / answer_seconds : 0;
}

std::string acceptance(const engine::Finish& finish) {
  return fmt::format("{} of {} drafted tokens were right", finish.accepted_tokens,
                     finish.drafted_tokens);
}

Answer run_request(engine::Engine& engine, engine::Request request, const InterruptWatch& watch,
                   const std::function<void(std::string_view)>& on_text) {
  constexpr engine::RequestId kId = 1;
  const auto start = std::chrono::steady_clock::now();
  Answer answer;
  engine.submit(kId, std::move(request));
  while (!engine.idle()) {
    if (watch.interrupted()) engine.cancel(kId);
    for (const engine::Event& event : engine.step()) {
      if (event.token) {
        answer.tokens.push_back(event.token->token);
        if (answer.tokens.size() == 1) answer.prompt_seconds = seconds_since(start);
      }
      if (!event.text.empty()) on_text(event.text);
      if (event.finish) answer.finish = *event.finish;
    }
  }
  answer.answer_seconds = seconds_since(start) - answer.prompt_seconds;
  if (answer.finish.reason == engine::FinishReason::error) fail("{}", answer.finish.error);
  return answer;
}

}  // namespace frugal::cli

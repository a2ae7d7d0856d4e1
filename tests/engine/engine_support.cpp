#include "engine/engine_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace frugal::engine::testing {

std::string letter(std::int32_t token) { return std::string(1, static_cast<char>('A' + token)); }

std::map<RequestId, Result> run(Engine& engine) {
  std::map<RequestId, Result> results;
  while (!engine.idle()) {
    for (Event& event : engine.step()) {
      Result& result = results[event.request];
      EXPECT_FALSE(result.finish.has_value()) << "an event after the last one";
      if (event.token) {
        result.tokens.push_back(event.token->token);
        result.samples.push_back(*event.token);
      }
      result.text += event.text;
      result.finish = event.finish;
    }
  }
  return results;
}

std::vector<std::int32_t> greedy(const MockModel& model, std::vector<std::int32_t> tokens,
                                 std::size_t count) {
  std::vector<std::int32_t> output;
  while (output.size() < count) {
    const std::vector<float> logits = model.logits_after(tokens);
    output.push_back(
        static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    tokens.push_back(output.back());
  }
  return output;
}

Request greedy_request(std::vector<std::int32_t> prompt, std::int64_t max_tokens) {
  Request request;
  request.prompt = std::move(prompt);
  request.sampling.temperature = 0;
  request.max_tokens = max_tokens;
  return request;
}

std::vector<std::int32_t> long_prompt(std::int32_t length) {
  std::vector<std::int32_t> prompt(static_cast<std::size_t>(length));
  for (std::int32_t i = 0; i < length; ++i) prompt[static_cast<std::size_t>(i)] = i * 7 % 53;
  return prompt;
}

}  // namespace frugal::engine::testing

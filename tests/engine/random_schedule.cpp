#include "engine/random_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "engine/engine.h"

namespace frugal::engine::testing {

namespace {

// A few bytes of which two make a character, so that tokens end inside characters, and stop strings
// are met, also across tokens.
std::string bytes_of(std::int32_t token) {
  const std::string bytes = "a\xC3\xA9";
  std::string text;
  for (std::int32_t rest = token; rest > 0; rest /= 3) {
    text += bytes[static_cast<std::size_t>(rest % 3)];
  }
  return text;
}

struct Answer {
  std::vector<Sample> samples;
  std::string text;
  std::optional<FinishReason> reason;
};

Request random_request(Rng& rng, std::int64_t vocab, std::int64_t context) {
  Request request;
  const auto longest = static_cast<std::uint64_t>(context - 1);
  const std::uint64_t length = 1 + rng.below(rng.below(2) == 0 ? longest : 40);
  // Two beginnings that many prompts share, and a random end.
  const std::uint64_t same =
      rng.below(4) == 0 ? 0 : length - rng.below(std::min<std::uint64_t>(length, 90));
  Rng beginning(rng.below(2));
  for (std::uint64_t i = 0; i < length; ++i) {
    Rng& source = i < same ? beginning : rng;
    request.prompt.push_back(
        static_cast<std::int32_t>(source.below(static_cast<std::uint64_t>(vocab))));
  }
  request.owner = rng.below(4) == 0 ? "other" : "one";
  if (rng.below(4) != 0) request.max_tokens = static_cast<std::int64_t>(rng.below(150));
  request.sampling.seed = rng.below(1000);
  if (rng.below(3) == 0) request.sampling.temperature = 0;
  if (rng.below(3) == 0) request.sampling.top_p = 0.7F;
  if (rng.below(3) == 0) request.sampling.repetition_penalty = 1.5F;
  if (rng.below(3) == 0) request.logprobs = static_cast<int>(rng.below(3));
  if (rng.below(4) == 0) request.stop_tokens = {5};
  if (rng.below(4) == 0) request.stop_strings = {"\u00E9\u00E9", "aaaa", "a\u00E9aa"};
  return request;
}

Answer alone(models::LanguageModel& model, const Request& request, std::int64_t cache_tokens) {
  Engine engine(model, {.cache_tokens = cache_tokens,
                        .max_batch_tokens = 4096,
                        .max_sequences = 1,
                        .token_bytes = bytes_of});
  engine.submit(1, request);
  Answer answer;
  while (!engine.idle()) {
    for (Event& event : engine.step()) {
      if (event.token) answer.samples.push_back(*event.token);
      answer.text += event.text;
      if (event.finish) answer.reason = event.finish->reason;
    }
  }
  return answer;
}

}  // namespace

void expect_answers_as_alone(models::LanguageModel& model, std::uint64_t seed, RequestId count) {
  Rng rng(seed);
  EngineOptions options;
  options.cache_tokens =
      static_cast<std::int64_t>(64 * (4 + rng.below(rng.below(2) == 0 ? 6 : 40)));
  options.max_sequences = static_cast<std::int64_t>(1 + rng.below(8));
  options.draft_tokens = rng.below(2) == 0 ? 0 : static_cast<std::int64_t>(rng.below(9));
  options.max_batch_tokens = options.max_sequences + static_cast<std::int64_t>(rng.below(100));
  options.token_bytes = bytes_of;
  Engine engine(model, options);
  const std::int64_t blocks = engine.free_blocks();
  std::map<RequestId, Request> requests;
  std::map<RequestId, Answer> answers;
  RequestId next = 0;
  while (next < count || !engine.idle()) {
    while (next < count && rng.below(3) == 0) {
      requests[next] = random_request(rng, model.vocab_size(), engine.context());
      engine.submit(next, requests[next]);
      ++next;
    }
    if (next > 0 && rng.below(20) == 0) engine.cancel(rng.below(next));
    for (Event& event : engine.step()) {
      Answer& answer = answers[event.request];
      ASSERT_FALSE(answer.reason) << "an event after the last one";
      if (event.token) answer.samples.push_back(*event.token);
      answer.text += event.text;
      if (!event.finish) continue;
      answer.reason = event.finish->reason;
      ASSERT_EQ(event.finish->error, "");
    }
  }
  EXPECT_EQ(engine.free_blocks(), blocks);
  ASSERT_EQ(answers.size(), requests.size());
  for (const auto& [id, answer] : answers) {
    const Answer expected = alone(model, requests[id], options.cache_tokens);
    if (answer.reason == FinishReason::cancelled) {  // then it has a beginning of the answer
      ASSERT_LE(answer.samples.size(), expected.samples.size());
      EXPECT_TRUE(
          std::equal(answer.samples.begin(), answer.samples.end(), expected.samples.begin()));
      continue;
    }
    EXPECT_EQ(answer.samples, expected.samples) << "request " << id;
    EXPECT_EQ(answer.text, expected.text) << "request " << id;
    EXPECT_EQ(answer.reason, expected.reason) << "request " << id;
  }
}

}  // namespace frugal::engine::testing

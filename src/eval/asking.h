// Puts questions to a model, many at once, and judges what comes back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "tasks/prompt.h"
#include "text/tokenizer.h"

namespace frugal::eval {

/// One answer of a model to a question.
struct Answered {
  std::string prompt;
  std::string completion;
  std::vector<std::int32_t> prompt_tokens;
  std::vector<engine::Sample> tokens;  // with the token that ended it
  tasks::Reply reply;
  std::string final_answer;  // empty when there is none
  bool right = false;
  bool truncated = false;  // it came to no end within max_tokens
};

/// How completions are drawn.
struct AskOptions {
  engine::SamplingOptions sampling;  // its seed is the run's; each sample gets one of its own
  std::int64_t max_tokens = 512;
  bool logprobs = false;
};

/// What stands between questions and the engine.
struct Asker {
  const text::Tokenizer& tokenizer;
  tasks::PromptMaker prompt;
  std::vector<std::int32_t> stop_tokens;
};

/// All samples of one question.
struct QuestionAnswers {
  std::int64_t index = 0;  // in the list given
  std::vector<Answered> samples;
};

/// Asks each of `questions` `samples` times. `done` gets a question once all its samples are there,
/// in the order of their end; so many questions wait in the engine as fit, and no prompt is written
/// before. `stop` is asked between the engine's steps: when it says so, what
/// runs is cancelled. Throws Error when the model fails.
void ask(engine::Engine& engine, const Asker& asker, std::span<const tasks::Question> questions,
         std::int64_t samples, const AskOptions& options,
         const std::function<void(QuestionAnswers)>& done, const std::function<bool()>& stop);

/// Engine options for so many answers at once, each of at most `longest` tokens with its prompt.
engine::EngineOptions engine_options(std::int64_t parallel, std::int64_t longest);

}  // namespace frugal::eval

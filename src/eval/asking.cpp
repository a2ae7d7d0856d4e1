#include "eval/asking.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"

namespace frugal::eval {

namespace {

std::uint64_t seed_for(std::uint64_t seed, const std::string& id, std::int64_t sample) {
  return Rng(fnv1a(id, 0xCBF29CE484222325ULL ^ seed), static_cast<std::uint64_t>(sample)).next();
}

}  // namespace

engine::Request Asker::request(const tasks::Question& question, std::int64_t sample,
                               const AskOptions& options) const {
  engine::Request request;
  // The template writes all special tokens that there are to be.
  request.prompt = tokenizer.encode(prompt(question), {.add_special_tokens = false});
  request.sampling = options.sampling;
  request.sampling.seed = seed_for(options.sampling.seed, question.id, sample);
  request.max_tokens = options.max_tokens;
  request.stop_tokens = stop_tokens;
  if (options.logprobs) request.logprobs = 0;
  return request;
}

Answered Asker::judge(const tasks::Question& question, engine::Request request,
                      std::vector<engine::Sample> tokens, bool truncated) const {
  Answered answered;
  answered.prompt = prompt(question);
  answered.prompt_tokens = std::move(request.prompt);
  answered.tokens = std::move(tokens);
  answered.truncated = truncated;
  std::vector<std::int32_t> said;
  for (const engine::Sample& sample : answered.tokens) said.push_back(sample.token);
  if (!truncated && !said.empty()) said.pop_back();  // what ended it is no text
  answered.completion = tokenizer.decode(said, false);
  answered.reply = tasks::split_reply(answered.prompt, answered.completion);
  if (answered.reply.closed) {
    answered.final_answer = tasks::final_answer(answered.reply.answer, question.text).value_or("");
  }
  answered.right = !truncated && tasks::is_right(question, answered.reply);
  return answered;
}

void ask(engine::Engine& engine, const Asker& asker, std::span<const tasks::Question> questions,
         std::int64_t samples, const AskOptions& options,
         const std::function<void(QuestionAnswers)>& done, const std::function<bool()>& stop) {
  struct Pending {
    engine::Request request;
    std::vector<engine::Sample> tokens{};
  };
  std::map<engine::RequestId, Pending> pending;
  std::map<std::int64_t, QuestionAnswers> open;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    for (std::int64_t s = 0; s < samples; ++s) {
      const auto id = static_cast<engine::RequestId>(q) * static_cast<std::uint64_t>(samples) +
                      static_cast<std::uint64_t>(s);
      engine::Request request = asker.request(questions[q], s, options);
      pending.emplace(id, Pending{request});
      engine.submit(id, std::move(request));
    }
  }
  while (!engine.idle()) {
    if (stop()) {
      for (const auto& [id, unused] : pending) engine.cancel(id);
      engine.step();
      return;
    }
    for (engine::Event& event : engine.step()) {
      Pending& mine = pending.at(event.request);
      if (event.token) mine.tokens.push_back(std::move(*event.token));
      if (!event.finish) continue;
      require(event.finish->reason != engine::FinishReason::error, "the model failed: {}",
              event.finish->error);
      const auto q = static_cast<std::int64_t>(event.request) / samples;
      const auto s = static_cast<std::size_t>(static_cast<std::int64_t>(event.request) % samples);
      QuestionAnswers& answers = open[q];
      answers.index = q;
      answers.samples.resize(static_cast<std::size_t>(samples));
      answers.samples[s] =
          asker.judge(questions[static_cast<std::size_t>(q)], std::move(mine.request),
                      std::move(mine.tokens), event.finish->reason != engine::FinishReason::stop);
      pending.erase(event.request);
      const auto first = static_cast<engine::RequestId>(q * samples);
      const auto next = pending.lower_bound(first);
      if (next != pending.end() && next->first < first + static_cast<std::uint64_t>(samples)) {
        continue;
      }
      done(std::move(answers));
      open.erase(q);
    }
  }
}

engine::EngineOptions engine_options(std::int64_t parallel, std::int64_t longest) {
  engine::EngineOptions options;
  options.max_sequences = parallel;
  options.max_batch_tokens = std::max<std::int64_t>(512, parallel);
  options.cache_tokens = parallel * (longest + 64);
  return options;
}

}  // namespace frugal::eval

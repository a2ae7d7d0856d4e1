#include "eval/asking.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"

namespace frugal::eval {

namespace {

// Requests that the engine has at a time: more than it runs at once, less than a long run asks.
constexpr std::int64_t kMostPending = 8192;

std::uint64_t seed_for(std::uint64_t seed, const std::string& id, std::int64_t sample) {
  return Rng(fnv1a(id, 0xCBF29CE484222325ULL ^ seed), static_cast<std::uint64_t>(sample)).next();
}

// A question with the answers that it has so far.
class OpenQuestion {
 public:
  OpenQuestion(const Asker& asker, const tasks::Question& question, std::int64_t samples)
      : question_(question),
        prompt_(asker.prompt(question)),
        // The template writes all special tokens that there are to be.
        tokens_(asker.tokenizer.encode(prompt_, {.add_special_tokens = false})),
        answers_(static_cast<std::size_t>(samples)),
        missing_(samples) {}

  // Question, sample and seed alone decide the answer.
  engine::Request request(const Asker& asker, std::int64_t sample,
                          const AskOptions& options) const {
    engine::Request request;
    request.prompt = tokens_;
    request.sampling = options.sampling;
    request.sampling.seed = seed_for(options.sampling.seed, question_.id, sample);
    request.max_tokens = options.max_tokens;
    request.stop_tokens = asker.stop_tokens;
    if (options.logprobs) request.logprobs = 0;
    return request;
  }

  // Judges what the engine made of a sample.
  void finish(const Asker& asker, std::size_t sample, std::vector<engine::Sample> tokens,
              bool truncated) {
    Answered& answered = answers_[sample];
    answered.prompt = prompt_;
    answered.prompt_tokens = tokens_;
    answered.tokens = std::move(tokens);
    answered.truncated = truncated;
    std::vector<std::int32_t> said;
    for (const engine::Sample& token : answered.tokens) said.push_back(token.token);
    if (!truncated && !said.empty()) said.pop_back();  // what ended it is no text
    answered.completion = asker.tokenizer.decode(said, false);
    answered.reply = tasks::split_reply(answered.prompt, answered.completion);
    if (answered.reply.closed) {
      answered.final_answer =
          tasks::final_answer(answered.reply.answer, question_.text).value_or("");
    }
    answered.right = !truncated && tasks::is_right(question_, answered.reply);
    --missing_;
  }

  bool answered() const { return missing_ == 0; }
  std::vector<Answered> take() { return std::move(answers_); }

 private:
  const tasks::Question& question_;
  std::string prompt_;
  std::vector<std::int32_t> tokens_;
  std::vector<Answered> answers_;  // [samples]
  std::int64_t missing_;
};

}  // namespace

void ask(engine::Engine& engine, const Asker& asker, std::span<const tasks::Question> questions,
         std::int64_t samples, const AskOptions& options,
         const std::function<void(QuestionAnswers)>& done, const std::function<bool()>& stop) {
  std::map<engine::RequestId, std::vector<engine::Sample>> pending;
  std::map<std::size_t, OpenQuestion> open;
  std::size_t next = 0;
  const auto submit = [&](std::size_t q) {
    const auto at = open.emplace(q, OpenQuestion(asker, questions[q], samples)).first;
    for (std::int64_t s = 0; s < samples; ++s) {
      const auto id = q * static_cast<std::size_t>(samples) + static_cast<std::size_t>(s);
      engine.submit(id, at->second.request(asker, s, options));
      pending.emplace(id, std::vector<engine::Sample>{});
    }
  };
  const auto has_room = [&] {
    return pending.empty() || std::ssize(pending) + samples <= kMostPending;
  };
  for (;;) {
    while (next < questions.size() && has_room()) submit(next++);
    if (engine.idle()) return;
    if (stop()) {
      for (const auto& [id, unused] : pending) engine.cancel(id);
      engine.step();
      return;
    }
    for (engine::Event& event : engine.step()) {
      const auto mine = pending.find(event.request);
      if (event.token) mine->second.push_back(std::move(*event.token));
      if (!event.finish) continue;
      require(event.finish->reason != engine::FinishReason::error, "the model failed: {}",
              event.finish->error);
      const std::size_t q = event.request / static_cast<std::size_t>(samples);
      const auto at = open.find(q);
      at->second.finish(asker, event.request % static_cast<std::size_t>(samples),
                        std::move(mine->second),
                        event.finish->reason != engine::FinishReason::stop);
      pending.erase(mine);
      if (!at->second.answered()) continue;
      done({static_cast<std::int64_t>(q), at->second.take()});
      open.erase(at);
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

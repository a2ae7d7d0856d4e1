// frugal eval: how many questions of a task a model answers right.
#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/generation_config.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"
#include "eval/evaluation.h"
#include "tasks/task.h"

namespace frugal::cli {

namespace {

// Of tasks that never end.
constexpr std::int64_t kGeneratedQuestions = 200;

struct EvalOptions {
  ModelOptions model;
  SamplingFlags sampling;
  std::string task;
  std::string part = "held-out";
  std::string think = "open";
  bool zero = false;
  std::int64_t samples = 1;
  std::int64_t limit = 0;
  std::int64_t parallel = 16;
  double price_per_hour = 0;
  std::string out;
  bool json = false;
};

tasks::ThinkMode think_mode(const std::string& name) {
  if (name == "force") return tasks::ThinkMode::force;
  return name == "empty" ? tasks::ThinkMode::empty : tasks::ThinkMode::open;
}

std::vector<tasks::Question> questions_of(const EvalOptions& o, std::uint64_t seed) {
  const auto part = o.part == "training" ? tasks::Part::training : tasks::Part::held_out;
  const auto task = tasks::open_task(o.task, part, seed);
  const std::int64_t all = task->size().value_or(kGeneratedQuestions);
  const std::int64_t count = o.limit == 0 ? all : std::min(o.limit, task->size().value_or(o.limit));
  std::vector<tasks::Question> questions;
  for (std::int64_t i = 0; i < count; ++i) questions.push_back(task->question(i));
  return questions;
}

// Whatever decides the answers; a log of other settings is not continued.
Json header_of(const EvalOptions& o, const LoadedModel& loaded, const eval::AskOptions& ask,
               std::size_t questions) {
  std::uint64_t bytes = 0;
  for (const auto& tensor : loaded.checkpoint().tensors()) bytes += tensor.data.size();
  return {{"model", loaded.path().string()},
          {"model_bytes", bytes},
          {"lora", o.model.adapter},
          {"task", o.task},
          {"part", o.part},
          {"questions", questions},
          {"samples", o.samples},
          {"think", o.think},
          {"zero", o.zero},
          {"max_tokens", ask.max_tokens},
          {"temperature", ask.sampling.temperature},
          {"top_p", ask.sampling.top_p},
          {"top_k", ask.sampling.top_k},
          {"min_p", ask.sampling.min_p},
          {"repetition_penalty", ask.sampling.repetition_penalty},
          {"seed", ask.sampling.seed}};
}

std::int64_t longest_prompt(const eval::Asker& asker, std::span<const tasks::Question> questions) {
  std::size_t longest = 0;
  for (const tasks::Question& question : questions) {
    longest = std::max(
        longest,
        asker.tokenizer.encode(asker.prompt(question), {.add_special_tokens = false}).size());
  }
  return static_cast<std::int64_t>(longest);
}

void run_eval(const EvalOptions& o) {
  SamplingFlags flags = o.sampling;
  if (!flags.seed) flags.seed = 1;  // an evaluation is to be repeatable
  const std::vector<tasks::Question> questions = questions_of(o, *flags.seed);
  const std::filesystem::path path = resolve_model(o.model.model);
  const text::Tokenizer tokenizer = open_tokenizer(path);
  std::optional<text::ChatFormat> format;
  if (!o.zero) format = text::ChatFormat::open(path, tokenizer);
  eval::Asker asker{tokenizer, {format, o.zero, think_mode(o.think)}, {}};
  eval::AskOptions ask;
  ask.max_tokens = o.sampling.max_tokens.value_or(512);
  const std::int64_t longest = longest_prompt(asker, questions) + ask.max_tokens;
  LoadedModel loaded(o.model, o.parallel * (longest + 64), o.parallel);
  ask.sampling = apply(flags, sampling_defaults_of(loaded.checkpoint()));
  asker.stop_tokens = stop_tokens_of(loaded.checkpoint(), tokenizer, format);
  eval::EvalLog log(o.out, header_of(o, loaded, ask, questions.size()));
  std::vector<tasks::Question> left;
  for (const tasks::Question& question : questions) {
    if (!log.results().contains(question.id)) left.push_back(question);
  }
  const auto engine = loaded.make_engine(tokenizer);
  const InterruptWatch watch({SIGINT, SIGTERM});
  {
    ProgressBar bar("eval", questions.size(), "questions");
    auto before = std::chrono::steady_clock::now();
    const auto done = [&](const eval::QuestionAnswers& answers) {
      const auto now = std::chrono::steady_clock::now();
      log.add(left[static_cast<std::size_t>(answers.index)], answers.samples,
              std::chrono::duration<double>(now - before).count());
      before = now;
      bar.update(log.results().size(), questions.size() - left.size());
    };
    eval::ask(*engine, asker, left, o.samples, ask, done, [&] { return watch.interrupted(); });
  }
  const eval::Summary summary = eval::summarize(log.results());
  if (o.json) {
    Json json = {{"model", o.model.model}, {"task", o.task}, {"part", o.part}};
    json.update(eval::summary_json(summary, o.price_per_hour));
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print("{} on {}\n{}", o.model.model, o.task,
               eval::summary_table(summary, o.price_per_hour));
  }
  std::fflush(stdout);
  if (watch.interrupted()) {
    throw Interrupted(o.out.empty() ? "interrupted"
                                    : "interrupted; the same command goes on from here");
  }
}

}  // namespace

void add_eval(CLI::App& app) {
  const auto o = std::make_shared<EvalOptions>();
  CLI::App* command =
      app.add_subcommand("eval", "Measure how many questions of a task a model answers right");
  add_model_option(*command, o->model);
  add_adapter_option(*command, o->model);
  std::string families;
  for (const tasks::Family& family : tasks::families()) families += " " + family.name;
  command
      ->add_option(
          "--task", o->task,
          "A file of questions (GSM8K, MATH, AIME, MGSM as published), or generated ones:" +
              families + "; NAME:easy, NAME:hard, several joined by +")
      ->required()
      ->type_name("T");
  command->add_option("--samples", o->samples, "Answers to each question (default 1)")
      ->check(CLI::Range(1, 100000))
      ->type_name("K");
  command
      ->add_option("--limit", o->limit,
                   "At most so many questions (default: all of a file, 200 generated ones)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->type_name("N");
  command->add_option("--part", o->part, "Of generated tasks: held-out (default) or training")
      ->check(CLI::IsMember({"held-out", "training"}));
  command
      ->add_option("--think", o->think,
                   "open: as the template has it; force: begin with <think>; empty: no thinking")
      ->check(CLI::IsMember({"open", "force", "empty"}));
  command->add_flag("--zero", o->zero, "Ask by R1-Zero's template, as base models are");
  command->add_option("--out", o->out, "Log to write, and to go on from: a JSON line a question")
      ->type_name("FILE");
  command->add_option("--parallel", o->parallel, "Answers at once (default 16)")
      ->check(CLI::Range(1, 4096));
  command->add_option("--price", o->price_per_hour, "Dollars an hour of this machine costs")
      ->check(CLI::Range(0.0, 1e6))
      ->type_name("USD");
  add_sampling_options(*command, o->sampling);
  add_threads_option(*command, o->model);
  command->add_flag("--json", o->json, "Print JSON");
  command->callback([o] { run_eval(*o); });
}

}  // namespace frugal::cli

// frugal questions: the questions of a task with worked answers, to read or to learn from.
#include <fmt/core.h>

#include <memory>

#include "base/error.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "tasks/task.h"

namespace frugal::cli {

namespace {

struct QuestionsOptions {
  std::string task;
  std::string part = "training";
  std::string think = "worked";
  std::string out;
  std::int64_t count = 10;
  std::uint64_t seed = 1;
};

// A line that training reads as a text and tuning as a conversation.
Json line_of(const tasks::Question& question, bool worked) {
  std::string answer = question.answer;
  if (!worked) {  // as eval --think empty begins the answer
    answer = fmt::format("{}\n\n{}\n\n{}", tasks::kThinkBegin, tasks::kThinkEnd, answer);
  } else if (!question.solution.empty()) {
    answer = fmt::format("{}\n{}\n{}\n{}", tasks::kThinkBegin, question.solution, tasks::kThinkEnd,
                         question.answer);
  }
  const Json messages = {{{"role", "user"}, {"content", question.text}},
                         {{"role", "assistant"}, {"content", answer}}};
  return {{"id", question.id},
          {"text", fmt::format("{}\n{}", question.text, answer)},
          {"messages", messages}};
}

void run_questions(const QuestionsOptions& o) {
  const auto part = o.part == "training" ? tasks::Part::training : tasks::Part::held_out;
  const auto task = tasks::open_task(o.task, part, o.seed);
  const std::int64_t count = std::min(o.count, task->size().value_or(o.count));
  const auto line = [&](std::int64_t i) {
    return line_of(task->question(i), o.think == "worked").dump() + "\n";
  };
  if (o.out.empty()) {
    for (std::int64_t i = 0; i < count; ++i) fmt::print("{}", line(i));
    return;
  }
  OutputFile file(o.out);
  for (std::int64_t i = 0; i < count; ++i) file.write(line(i));
  file.commit();
}

}  // namespace

void add_questions(CLI::App& app) {
  const auto o = std::make_shared<QuestionsOptions>();
  CLI::App* command = app.add_subcommand(
      "questions", "Print a task's questions with worked answers, as JSON lines to learn from");
  command->add_option("--task", o->task, "As for eval")->required()->type_name("T");
  command->add_option("--part", o->part, "Of generated tasks: training (default) or held-out")
      ->check(CLI::IsMember({"held-out", "training"}));
  command->add_option("--think", o->think, "worked (default): with the steps; empty: none of them")
      ->check(CLI::IsMember({"worked", "empty"}));
  command->add_option("--count", o->count, "How many (default 10)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->type_name("N");
  command->add_option("--seed", o->seed, "Which ones (default 1)")->type_name("S");
  command->add_option("--out", o->out, "A file instead of standard output")->type_name("FILE");
  command->callback([o] { run_questions(*o); });
}

}  // namespace frugal::cli

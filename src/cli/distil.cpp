// frugal distil: a student learns what a teacher gets right.
#include "train/distil.h"

#include <fmt/core.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/progress.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "train/remote_teacher.h"
#include "train/tuning_recipes.h"

namespace frugal::cli {

namespace {

struct DistilCommand {
  std::filesystem::path recipe;
  std::vector<std::string> set;
  std::filesystem::path out;
};

std::vector<train::TeacherSample> ask_model(const train::DistilOptions& o,
                                            const std::filesystem::path& file,
                                            const std::function<bool()>& stop) {
  ModelOptions options;
  options.model = o.teacher;
  options.threads = o.threads;
  constexpr std::int64_t kPrompt = 1024;  // tokens that a question takes at most, with some room
  LoadedModel loaded(options, o.parallel * (kPrompt + o.max_tokens), o.parallel);
  const train::BaseModel teacher = open_base_model(o.teacher);
  const auto think = o.force_think ? tasks::ThinkMode::force : tasks::ThinkMode::open;
  const eval::Asker asker{teacher.tokenizer, {teacher.format, false, think}, teacher.stop_tokens};
  const auto engine = loaded.make_engine(teacher.tokenizer);
  return train::collect(o, train::engine_teacher(o, *engine, asker), file, stop);
}

std::vector<train::TeacherSample> ask_server(const train::DistilOptions& o,
                                             const std::filesystem::path& file,
                                             const std::function<bool()>& stop) {
  const char* key = std::getenv(train::kTeacherKey);
  return train::collect(o, train::remote_teacher(o, key == nullptr ? "" : key), file, stop);
}

void run_distil(const DistilCommand& c) {
  const train::DistilOptions o = train::read_distil_recipe(c.recipe, c.set);
  std::filesystem::create_directories(c.out);
  const InterruptWatch watch({SIGINT, SIGTERM});
  const auto ask_teacher = o.teacher_is_url() ? ask_server : ask_model;
  const auto samples = ask_teacher(o, c.out / "samples.jsonl", [&] { return watch.interrupted(); });
  if (watch.interrupted()) {
    throw Interrupted("interrupted; the same command goes on from here");
  }
  const auto chosen = train::select(samples, o.keep, o.similarity);
  std::int64_t right = 0;
  for (const train::TeacherSample& sample : samples) right += sample.right ? 1 : 0;
  fmt::print("the teacher gave {} answers, {} of them right, {} kept\n", samples.size(), right,
             chosen.size());
  train::write_conversations(chosen, c.out / "data.jsonl");
  if (o.student.model.empty()) return;
  train::TuneOptions student = o.student;
  student.data = c.out / "data.jsonl";
  student.out = c.out / "student";
  const train::BaseModel base = open_base_model(student.model);
  const train::TuneResult result = train::tune(student, base, [&] { return watch.interrupted(); });
  fmt::print("the student is in {}: validation loss {:.4f}, before {:.4f}\n", student.out.string(),
             result.best_loss, result.first_loss);
}

}  // namespace

void add_distil(CLI::App& app) {
  const auto c = std::make_shared<DistilCommand>();
  CLI::App* command = app.add_subcommand(
      "distil", "Let a teacher answer, keep what is right, and tune a student on it");
  command->add_option("recipe", c->recipe, "A TOML file with [distil], [tune] and [lora]")
      ->required();
  command->add_option("--set", c->set, "SECTION.KEY=VALUE instead of what the recipe says")
      ->allow_extra_args(false);
  command
      ->add_option("--out", c->out,
                   "Folder for samples.jsonl, data.jsonl and the student; run again to go on")
      ->required();
  command->callback([c] { run_distil(*c); });
}

}  // namespace frugal::cli

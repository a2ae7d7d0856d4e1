// frugal distil: a student learns what a teacher gets right.
#include "train/distil.h"

#include <fmt/core.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/progress.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "train/remote_teacher.h"
#include "train/same_tokens.h"
#include "train/tuning_recipes.h"

namespace frugal::cli {

namespace {

struct DistilCommand {
  std::filesystem::path recipe;
  std::vector<std::string> set;
  std::filesystem::path out;
};

using Samples = std::vector<train::TeacherSample>;

// A teacher on this machine.
struct LocalTeacher {
  explicit LocalTeacher(const train::DistilOptions& o)
      : loaded(model_options(o), o.parallel * (kPrompt + o.max_tokens), o.parallel),
        base(open_base_model(o.teacher)) {}

  LoadedModel loaded;
  train::BaseModel base;

 private:
  // Tokens that a question takes at most, with some room.
  static constexpr std::int64_t kPrompt = 1024;

  static ModelOptions model_options(const train::DistilOptions& o) {
    ModelOptions options;
    options.model = o.teacher;
    options.threads = o.threads;
    return options;
  }
};

Samples ask_model(const train::DistilOptions& o, LocalTeacher& teacher,
                  const std::filesystem::path& file, const InterruptWatch& watch) {
  const auto think = o.force_think ? tasks::ThinkMode::force : tasks::ThinkMode::open;
  const train::BaseModel& base = teacher.base;
  const eval::Asker asker{base.tokenizer, {base.format, false, think}, base.stop_tokens};
  const auto engine = teacher.loaded.make_engine(base.tokenizer);
  return train::collect(o, train::engine_teacher(o, *engine, asker), file,
                        [&] { return watch.interrupted(); });
}

Samples ask_server(const train::DistilOptions& o, const std::filesystem::path& file,
                   const InterruptWatch& watch) {
  const char* key = std::getenv(train::kTeacherKey);
  return train::collect(o, train::remote_teacher(o, key == nullptr ? "" : key), file,
                        [&] { return watch.interrupted(); });
}

// Chooses what is learned, and writes it to `data`.
void choose(const train::DistilOptions& o, const Samples& samples,
            const std::filesystem::path& data) {
  const auto chosen = train::select(samples, o.keep, o.similarity);
  std::int64_t right = 0;
  for (const train::TeacherSample& sample : samples) right += sample.right ? 1 : 0;
  fmt::print("the teacher gave {} answers, {} of them right, {} kept\n", samples.size(), right,
             chosen.size());
  train::write_conversations(chosen, data);
}

void run_distil(const DistilCommand& c) {
  const train::DistilOptions o = train::read_distil_recipe(c.recipe, c.set);
  std::filesystem::create_directories(c.out);
  const InterruptWatch watch({SIGINT, SIGTERM});
  // Both are opened first: asking may take days, and what is wrong with them shows at once.
  std::optional<LocalTeacher> teacher;
  if (!o.teacher_is_url()) teacher.emplace(o);
  std::optional<train::BaseModel> base;
  if (!o.student.model.empty()) base = open_base_model(o.student.model);
  if (o.logits) train::require_same_tokens(teacher->base, *base);
  const std::filesystem::path file = c.out / "samples.jsonl";
  const Samples samples =
      teacher ? ask_model(o, *teacher, file, watch) : ask_server(o, file, watch);
  if (watch.interrupted()) {
    throw Interrupted("interrupted; the same command goes on from here");
  }
  train::TuneOptions student = o.student;
  student.data = c.out / "data.jsonl";
  student.out = c.out / "student";
  choose(o, samples, student.data);
  if (!base) return;
  if (!o.logits) teacher.reset();  // its memory is the student's
  const train::TuneResult result = train::tune(
      student, *base, [&] { return watch.interrupted(); },
      teacher ? &teacher->loaded.model() : nullptr);
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

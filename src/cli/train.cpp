// frugal train: a model from a recipe.
#include <fmt/core.h>

#include <csignal>
#include <filesystem>
#include <memory>

#include "base/progress.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cost/flops.h"
#include "train/trainer.h"

namespace frugal::cli {

namespace {

struct TrainOptions {
  std::filesystem::path recipe;
  std::vector<std::string> set;
  std::filesystem::path out;
  bool resume = false;
};

void run_train(const TrainOptions& o) {
  const train::Recipe recipe = train::read_recipe(o.recipe, o.set);
  const std::filesystem::path out =
      o.out.empty() ? std::filesystem::path("runs") / o.recipe.stem() : o.out;
  train::Trainer trainer(recipe, out, o.resume);
  fmt::print("training {} parameters, {} active in each token's products\n",
             models::count_parameters(trainer.model().config()),
             static_cast<std::int64_t>(cost::active_matmul_parameters(trainer.model().config())));
  const InterruptWatch watch({SIGINT, SIGTERM});
  const train::RunEnd end = trainer.run([&] { return watch.interrupted(); });
  const train::RunState& state = trainer.state();
  fmt::print("{} after {} steps and {} tokens, {}; the model is {}\n",
             end == train::RunEnd::finished ? "finished" : "stopped", state.step, state.tokens,
             human_seconds(state.seconds), trainer.last_checkpoint().string());
  if (end == train::RunEnd::stopped) {
    fmt::print("--resume goes on from there\n");
  }
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* command = app.add_subcommand("train", "Train a model as a recipe says");
  auto options = std::make_shared<TrainOptions>();
  command
      ->add_option("recipe", options->recipe,
                   "A TOML file, such as recipes/shakespeare-v3-tiny.toml")
      ->required();
  command->add_option("--set", options->set, "SECTION.KEY=VALUE instead of what the recipe says")
      ->allow_extra_args(false);
  command->add_option("--out", options->out,
                      "Folder for checkpoints and metrics; by default runs/NAME of the recipe");
  command->add_flag("--resume", options->resume, "Go on from the newest checkpoint in that folder");
  command->callback([options] { run_train(*options); });
}

}  // namespace frugal::cli

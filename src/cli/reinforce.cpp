// frugal reinforce: GRPO with rewards by rule.
#include "train/reinforce.h"

#include <fmt/core.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "base/progress.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "train/tuning_recipes.h"

namespace frugal::cli {

namespace {

struct ReinforceCommand {
  std::filesystem::path recipe;
  std::vector<std::string> set;
  std::filesystem::path out;
  bool resume = false;
};

void tell(std::int64_t step, const train::ReinforceStep& s) {
  fmt::print(
      "step {}: reward {:.3f}, right {:.1f} %, well-formed {:.1f} %, {:.1f} tokens, cut off {:.1f} "
      "%, {} of {} groups, kl {:.2g}, log-probabilities differ by {:.2g}\n",
      step, s.reward, 100 * s.accuracy, 100 * s.well_formed, s.length, 100 * s.truncated, s.groups,
      s.groups + s.dropped, s.policy.kl, s.policy.max_difference);
  std::fflush(stdout);
}

void run_reinforce(const ReinforceCommand& c) {
  const train::ReinforceOptions options = train::read_reinforce_recipe(c.recipe, c.set);
  const std::filesystem::path out =
      c.out.empty() ? std::filesystem::path("runs") / c.recipe.stem() : c.out;
  const train::BaseModel base = open_base_model(options.model);
  train::Reinforcer run(options, base, out, c.resume);
  const auto memory = run.rollout_memory();
  fmt::print("rollouts take {} for packed weights and at most {} for keys and values\n",
             human_bytes(memory.weights), human_bytes(memory.cache));
  const InterruptWatch watch({SIGINT, SIGTERM});
  run.run([&] { return watch.interrupted(); }, tell);
  fmt::print("{} steps, {} sampled tokens, {}; the {} is {}\n", run.state().step,
             run.state().tokens, human_seconds(run.state().seconds),
             options.lora.rank > 0 ? "adapter" : "model",
             (options.lora.rank > 0 ? out / "adapter" : run.last_checkpoint()).string());
  if (watch.interrupted()) fmt::print("--resume goes on from there\n");
}

}  // namespace

void add_reinforce(CLI::App& app) {
  const auto c = std::make_shared<ReinforceCommand>();
  CLI::App* command = app.add_subcommand(
      "reinforce", "Let a model try, and reward what is right (GRPO), as a recipe says");
  command->add_option("recipe", c->recipe, "A TOML file with [reinforce] and [lora]")->required();
  command->add_option("--set", c->set, "SECTION.KEY=VALUE instead of what the recipe says")
      ->allow_extra_args(false);
  command->add_option("--out", c->out,
                      "Folder for checkpoints, metrics and transcripts; by default runs/NAME");
  command->add_flag("--resume", c->resume, "Go on from the newest checkpoint in that folder");
  command->callback([c] { run_reinforce(*c); });
}

}  // namespace frugal::cli

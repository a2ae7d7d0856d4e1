// frugal tune: a model learns the answers of conversations.
#include "train/tune.h"

#include <fmt/core.h>

#include <csignal>
#include <memory>

#include "base/json.h"
#include "base/progress.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "train/tuning_recipes.h"

namespace frugal::cli {

namespace {

struct TuneCommand {
  std::filesystem::path recipe;
  std::vector<std::string> set;
  std::string model;
  std::string data;
  std::string out;
  std::string epochs;
  std::string lr;
  std::string lora_rank;
};

// TOML's basic strings are JSON's.
std::string quoted(const std::string& text) { return text.empty() ? "" : Json(text).dump(); }

void run_tune(const TuneCommand& c) {
  std::vector<std::string> set = as_overrides(
      "tune",
      {{"model", quoted(c.model)}, {"data", quoted(c.data)}, {"epochs", c.epochs}, {"lr", c.lr}});
  for (std::string& lora : as_overrides("lora", {{"rank", c.lora_rank}})) {
    set.push_back(std::move(lora));
  }
  set.insert(set.end(), c.set.begin(), c.set.end());
  train::TuneOptions options = train::read_tune_recipe(c.recipe, set);
  options.out = c.out;
  const train::BaseModel base = open_base_model(options.model);
  const InterruptWatch watch({SIGINT, SIGTERM});
  const train::TuneResult result = train::tune(options, base, [&] { return watch.interrupted(); });
  fmt::print(
      "{} steps, {} tokens, {}; validation loss {:.4f}, at best {:.4f} after step {}\n{} {}\n",
      result.steps, result.tokens, human_seconds(result.seconds), result.first_loss,
      result.best_loss, result.best_step,
      options.lora.rank > 0 ? "the adapter is in" : "the model is in", c.out);
}

}  // namespace

void add_tune(CLI::App& app) {
  const auto c = std::make_shared<TuneCommand>();
  CLI::App* command =
      app.add_subcommand("tune", "Teach a model the answers of conversations (chat-format JSONL)");
  command->add_option("recipe", c->recipe, "A TOML file with [tune] and [lora], if one is wanted");
  command->add_option("-m,--model", c->model, "The model to begin with")->type_name("M");
  command
      ->add_option("--data", c->data,
                   "JSON lines {\"messages\": [{\"role\": ..., \"content\": ...}, ...]}")
      ->type_name("FILE");
  command->add_option("--out", c->out, "Folder for the model, or for the adapter with --lora-rank")
      ->required()
      ->type_name("DIR");
  command->add_option("--epochs", c->epochs, "Times that each answer is seen (default 2)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--lr", c->lr, "Largest learning rate (default 1e-5; with adapters 2e-4)")
      ->check(CLI::PositiveNumber)
      ->type_name("RATE");
  command
      ->add_option("--lora-rank", c->lora_rank,
                   "Train adapters of this rank and leave the model as it is")
      ->check(CLI::PositiveNumber)
      ->type_name("R");
  command->add_option("--set", c->set, "SECTION.KEY=VALUE instead of what the recipe says")
      ->allow_extra_args(false);
  command->callback([c] { run_tune(*c); });
}

}  // namespace frugal::cli

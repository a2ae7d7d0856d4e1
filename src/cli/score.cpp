// frugal score and frugal perplexity: how likely a model finds a text.
#include "engine/score.h"

#include <fmt/core.h>

#include <memory>

#include "base/error.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/loaded_model.h"
#include "cli/model_argument.h"

namespace frugal::cli {

namespace {

struct ScoreOptions {
  ModelOptions model;
  std::string tokens;
  std::string file;
  bool json = false;
};

void run_score(const ScoreOptions& options) {
  const std::vector<std::int32_t> tokens = parse_ids(options.tokens);
  LoadedModel loaded(options.model, std::ssize(tokens));
  const std::vector<double> logprobs = engine::score(loaded.model(), tokens);
  if (options.json) {
    // The first token follows nothing, so it has no probability.
    Json values = Json::array({nullptr});
    for (const double logprob : logprobs) values.push_back(logprob);
    fmt::print("{}\n", Json{{"tokens", tokens}, {"logprobs", values}}.dump());
    return;
  }
  fmt::print("{:>8}  {:>10}\n", tokens.front(), "-");
  for (std::size_t i = 0; i < logprobs.size(); ++i) {
    fmt::print("{:>8}  {:>10.5f}\n", tokens[i + 1], logprobs[i]);
  }
}

void run_perplexity(const ScoreOptions& options) {
  const std::string text = read_text_file(options.file);
  const std::int64_t context = options.model.context > 0 ? options.model.context : 512;
  const std::vector<std::int32_t> tokens = open_tokenizer(resolve_model(options.model.model))
                                               .encode(text, {.add_special_tokens = false});
  require(tokens.size() >= 2, "{} holds fewer than two tokens", options.file);
  LoadedModel loaded(options.model, context);
  const auto total = static_cast<std::uint64_t>(tokens.size());
  ProgressBar bar("perplexity", total, "tokens");
  const engine::Perplexity result =
      engine::perplexity(loaded.model(), tokens, std::min(context, loaded.model().max_positions()),
                         [&](std::int64_t done) { bar.update(static_cast<std::uint64_t>(done)); });
  if (options.json) {
    fmt::print("{}\n", Json{{"perplexity", result.value},
                            {"mean_nll", result.mean_nll},
                            {"tokens", total},
                            {"predicted", result.predicted},
                            {"context", context}}
                           .dump());
  } else {
    fmt::print("perplexity {:.4f} over {} tokens in windows of {}\n", result.value,
               result.predicted, context);
  }
}

}  // namespace

void add_score(CLI::App& app) {
  const auto options = std::make_shared<ScoreOptions>();
  CLI::App* command =
      app.add_subcommand("score", "Print the log-probability of each token after those before it");
  add_model_option(*command, options->model);
  add_adapter_option(*command, options->model);
  command->add_option("--tokens", options->tokens, "Token ids, as 1,2,3")
      ->required()
      ->type_name("IDS");
  add_threads_option(*command, options->model);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_score(*options); });
}

void add_perplexity(CLI::App& app) {
  const auto options = std::make_shared<ScoreOptions>();
  CLI::App* command =
      app.add_subcommand("perplexity", "Measure how well a model predicts a text file");
  add_model_option(*command, options->model);
  add_adapter_option(*command, options->model);
  command->add_option("--file", options->file, "The text")->required()->type_name("F");
  command
      ->add_option("--context", options->model.context,
                   "Tokens of one window; windows do not overlap (default 512)")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{1} << 30))
      ->type_name("N");
  add_threads_option(*command, options->model);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_perplexity(*options); });
}

}  // namespace frugal::cli

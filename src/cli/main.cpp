// The frugal program: composes the subcommands; errors end here.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "net/http.h"

namespace {

constexpr int kInterrupted = 130;  // as shells report the end by Ctrl-C

// The words that belong to nothing, and the (sub)command that they were given to.
std::string unknown_argument(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  const std::vector<std::string> extras = command->remaining();
  if (extras.empty()) return "";
  const std::string word = extras.front().substr(0, extras.front().find('='));
  std::vector<std::string> candidates;
  const bool option = word.starts_with('-');
  if (option) {
    for (const CLI::Option* known : command->get_options()) {
      for (const std::string& name : known->get_lnames()) candidates.push_back("--" + name);
    }
  } else {
    for (const CLI::App* known : command->get_subcommands({}))
      candidates.push_back(known->get_name());
  }
  const std::string suggestion = frugal::nearest(word, candidates);
  return fmt::format("unknown {} {}{}",
                     option               ? "option"
                     : candidates.empty() ? "argument"
                                          : "command",
                     frugal::printable(word),
                     suggestion.empty() ? "" : "; did you mean " + suggestion + "?");
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
  std::string message = unknown_argument(app);
  if (message.empty()) message = error.what();
  std::string command = app.get_name();
  for (const CLI::App* chosen = &app; !chosen->get_subcommands().empty();) {
    chosen = chosen->get_subcommands().front();
    command += " " + chosen->get_name();
  }
  fmt::print(stderr, "frugal: {}\n{} --help shows what there is.\n", message, command);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "frugal: train, reason with, serve and pay for DeepSeek-style models on your own machine",
      "frugal");
  app.set_version_flag("--version", "frugal " FRUGAL_VERSION);
  app.set_help_flag("-h,--help", "Show this help");
  app.require_subcommand(1);
  app.footer(
      "A model M is a folder in Hugging Face form, a .gguf file, or a name of frugal pull --list.\n"
      "In the source folder, ./frugal test runs every test.");
  for (const auto add :
       {frugal::cli::add_eval,       frugal::cli::add_tune,      frugal::cli::add_reinforce,
        frugal::cli::add_distil,     frugal::cli::add_questions, frugal::cli::add_chat,
        frugal::cli::add_serve,      frugal::cli::add_keys,      frugal::cli::add_generate,
        frugal::cli::add_tokenize,   frugal::cli::add_template,  frugal::cli::add_score,
        frugal::cli::add_perplexity, frugal::cli::add_inspect,   frugal::cli::add_pull,
        frugal::cli::add_cost,       frugal::cli::add_tokenizer, frugal::cli::add_convert,
        frugal::cli::add_train,      frugal::cli::add_report,    frugal::cli::add_bench}) {
    add(app);
  }
  try {
    if (argc == 1) {
      fmt::print("{}", app.help());
      return 0;
    }
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error);
  } catch (const frugal::cli::Interrupted&) {
    return kInterrupted;
  } catch (const frugal::net::Interrupted&) {
    fmt::print(stderr, "frugal: interrupted; run the same command again to continue\n");
    return kInterrupted;
  } catch (const std::exception& error) {
    fmt::print(stderr, "frugal: {}\n", error.what());
    return 1;
  }
}

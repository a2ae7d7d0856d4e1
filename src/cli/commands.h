// The subcommands. Each add_ function declares its options and what runs when it was chosen.
#pragma once

#include <CLI/CLI.hpp>

namespace frugal::cli {

void add_bench(CLI::App& app);
void add_chat(CLI::App& app);
void add_convert(CLI::App& app);
void add_cost(CLI::App& app);
/// Below add_cost's command.
void add_cost_serve(CLI::App& cost);
void add_distil(CLI::App& app);
void add_eval(CLI::App& app);
void add_generate(CLI::App& app);
void add_inspect(CLI::App& app);
void add_keys(CLI::App& app);
void add_perplexity(CLI::App& app);
void add_pull(CLI::App& app);
void add_report(CLI::App& app);
void add_questions(CLI::App& app);
void add_reinforce(CLI::App& app);
void add_score(CLI::App& app);
void add_serve(CLI::App& app);
void add_template(CLI::App& app);
void add_tokenize(CLI::App& app);
void add_tokenizer(CLI::App& app);
void add_train(CLI::App& app);
void add_tune(CLI::App& app);

}  // namespace frugal::cli

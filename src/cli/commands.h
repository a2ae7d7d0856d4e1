// The subcommands. Each add_ function declares its options and what runs when it was chosen.
#pragma once

#include <CLI/CLI.hpp>

namespace frugal::cli {

void add_cost(CLI::App& app);
void add_pull(CLI::App& app);

}  // namespace frugal::cli

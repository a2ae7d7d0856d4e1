// The frugal program: one thin file a subcommand; errors end here.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "base/error.h"

int main(int argc, char** argv) {
  CLI::App app(
      "frugal: train, reason with, serve and pay for DeepSeek-style models on your own machine");
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const frugal::Error& error) {
    fmt::print(stderr, "frugal: {}\n", error.what());
    return 1;
  }
  return 0;
}

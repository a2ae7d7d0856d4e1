// frugal pull: fetches a model from the Hugging Face hub.
#include <fmt/core.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "net/catalog.h"

namespace frugal::cli {

namespace {

namespace fs = std::filesystem;

struct PullOptions {
  std::string name;
  bool list = false;
  bool json = false;
};

std::uint64_t bytes_of(double gigabytes) { return static_cast<std::uint64_t>(gigabytes * 1e9); }

bool is_here(const net::KnownModel& model) {
  if (model.name == net::kSmallModel) return !find_small_model().empty();
  return fs::exists(net::cached_path({std::string(model.repository), ""}));
}

void print_list(bool json) {
  if (json) {
    Json list = Json::array();
    for (const net::KnownModel& model : net::known_models()) {
      list.push_back({{"name", model.name},
                      {"repository", model.repository},
                      {"parameters", model.parameters * 1e9},
                      {"bytes", bytes_of(model.gigabytes)},
                      {"memory_bytes", bytes_of(model.memory_gigabytes())},
                      {"licence", model.licence},
                      {"gated", model.gated},
                      {"fetched", is_here(model)}});
    }
    fmt::print("{}\n", list.dump(2));
    return;
  }
  constexpr const char* kRow = "{:<31}{:>10}  {:>8}  {:>8}  {:<20}{}\n";
  fmt::print(fmt::runtime(kRow), "NAME", "PARAMETERS", "DOWNLOAD", "MEMORY", "LICENCE",
             "REPOSITORY");
  for (const net::KnownModel& model : net::known_models()) {
    const std::string parameters = model.parameters < 1
                                       ? fmt::format("{:.0f} M", model.parameters * 1000)
                                       : fmt::format("{:.3g} B", model.parameters);
    fmt::print(fmt::runtime(kRow), fmt::format("{}{}", model.name, is_here(model) ? " *" : ""),
               parameters, human_bytes(bytes_of(model.gigabytes)),
               human_bytes(bytes_of(model.memory_gigabytes())),
               fmt::format("{}{}", model.licence, model.gated ? " (gated)" : ""), model.repository);
  }
  fmt::print(
      "\n* is on this machine. Memory is what a conversation of ordinary length takes in all.\n"
      "Gated: accept the terms on the model's page, then set HF_TOKEN to a token of your account.\n"
      "Any other repository of the hub: frugal pull OWNER/NAME, or OWNER/NAME/FILE.gguf.\n");
}

net::ModelName parse_name(const std::string& text) {
  net::ModelName name = net::parse_model_name(text);
  if (!name.repository.empty()) return name;
  std::vector<std::string> names;
  for (const net::KnownModel& model : net::known_models()) names.emplace_back(model.name);
  const std::string suggestion = nearest(text, names);
  fail("no model is known as {}; {}", printable(text),
       suggestion.empty() ? "frugal pull --list shows the known ones, and OWNER/NAME takes any "
                            "other repository of the hub"
                          : "did you mean " + suggestion + "?");
}

void run_pull(const PullOptions& options) {
  if (options.list) return print_list(options.json);
  require(!options.name.empty(), "which model? frugal pull --list shows the known ones");
  const net::KnownModel* known = net::find_known_model(options.name);
  const net::ModelName name = parse_name(options.name);
  if (known != nullptr && known->gated) {
    fmt::print(stderr, "frugal: {} comes under the licence {}, which its owner asks to accept\n",
               known->name, known->licence);
  }
  const bool is_default = known != nullptr && known->name == net::kSmallModel;
  const fs::path path = is_default ? fetch_small_model() : fetch_model(name);
  if (options.json) {
    fmt::print("{}\n", Json{{"repository", name.repository}, {"path", path.string()}}.dump(2));
  } else {
    fmt::print("{}\n", path.string());
  }
}

}  // namespace

void add_pull(CLI::App& app) {
  const auto options = std::make_shared<PullOptions>();
  CLI::App* command = app.add_subcommand(
      "pull",
      "Fetch a model from the Hugging Face hub into ~/.cache/frugal, and print where it is");
  command->add_option("name", options->name,
                      "A known name, OWNER/NAME, or OWNER/NAME/FILE.gguf of the hub");
  command->add_flag("--list", options->list, "Show the known names with size, memory and licence");
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "An interrupted download continues where it stopped. HF_ENDPOINT names another hub, "
      "HF_TOKEN\n"
      "holds the token of your account there, XDG_CACHE_HOME moves the cache.");
  command->callback([options] { run_pull(*options); });
}

}  // namespace frugal::cli

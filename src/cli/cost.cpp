// frugal cost: what training costs, before and after.
#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/json.h"
#include "cli/commands.h"
#include "cost/ledger.h"
#include "cost/plan.h"
#include "formats/checkpoint.h"
#include "models/known_configs.h"
#include "models/load.h"

namespace frugal::cli {

namespace {

// What the DeepSeek-V3 report says of its own run; the MFU is that of the causal count (ISCA 2025).
constexpr double kReportMfu = 0.3894;
constexpr double kReportExtensionHours = 119e3;
constexpr double kReportPostTrainingHours = 5e3;

struct PlanOptions {
  std::string model = "deepseek-v3";
  std::string hardware = "h800";
  double devices = 2048;
  double price = 2;
  double tokens = 14.8e12;
  double context = 4096;
  double mfu = kReportMfu;
  double extension_hours = 0;
  double post_hours = 0;
  bool json = false;
};

models::ModelConfig config_of(const std::string& model) {
  const std::filesystem::path path = model;
  if (path.extension() == ".json")
    return models::parse_hf_config(read_json_file(path), path.string());
  if (std::filesystem::exists(path)) return models::read_config(formats::open_checkpoint(path));
  return models::known_config(model);
}

void run_plan(const PlanOptions& o) {
  cost::PlanInput input;
  input.config = config_of(o.model);
  input.model = o.model;
  input.hardware = cost::hardware_named(o.hardware);
  input.devices = o.devices;
  input.price_per_device_hour = o.price;
  input.tokens = o.tokens;
  input.context = o.context;
  input.mfu = o.mfu;
  input.extension_hours = o.extension_hours;
  input.post_training_hours = o.post_hours;
  const cost::Plan plan = cost::make_plan(input);
  if (o.json) {
    fmt::print("{}\n", cost::plan_json(input, plan).dump(2));
  } else {
    fmt::print("{}", cost::plan_text(input, plan));
  }
}

struct LedgerOptions {
  std::filesystem::path folder = "runs";
  bool json = false;
};

void run_ledger(const LedgerOptions& o) {
  const std::vector<cost::RunBill> runs = cost::read_ledgers(o.folder);
  if (o.json) {
    fmt::print("{}\n", cost::ledger_json(runs).dump(2));
  } else {
    fmt::print("{}", cost::ledger_text(runs));
  }
}

void add_ledger(CLI::App& command) {
  CLI::App* ledger = command.add_subcommand("ledger", "What real runs cost, each and together");
  auto options = std::make_shared<LedgerOptions>();
  ledger->add_option("folder", options->folder, "A run's folder, or one that holds several")
      ->capture_default_str();
  ledger->add_flag("--json", options->json, "Print JSON");
  ledger->callback([options] { run_ledger(*options); });
}

}  // namespace

void add_cost(CLI::App& app) {
  CLI::App* command = app.add_subcommand("cost", "What training costs, and what serving earns");
  command->require_subcommand(1);
  add_ledger(*command);
  add_cost_serve(*command);
  CLI::App* plan = command->add_subcommand(
      "plan", "Hours, days and dollars of a training run, before it is run");
  auto options = std::make_shared<PlanOptions>();
  plan->add_option("--model", options->model,
                   "A config.json, a model, or a name such as deepseek-v3")
      ->capture_default_str();
  plan->add_option("--hardware", options->hardware, "Kind of device, such as h800")
      ->capture_default_str();
  plan->add_option("--devices", options->devices, "How many of them")->capture_default_str();
  plan->add_option("--price", options->price, "Dollars a device hour")->capture_default_str();
  plan->add_option("--tokens", options->tokens, "Training tokens")->capture_default_str();
  plan->add_option("--context", options->context, "Tokens a training sequence")
      ->capture_default_str();
  plan->add_option("--mfu", options->mfu,
                   "Share of the devices' peak that the run reaches, causal count")
      ->capture_default_str();
  CLI::Option* extension = plan->add_option(
      "--extension-hours", options->extension_hours,
      "Device hours of context extension (default: 119000 for deepseek-v3, as reported, else 0)");
  CLI::Option* post = plan->add_option(
      "--post-hours", options->post_hours,
      "Device hours of post-training (default: 5000 for deepseek-v3, as reported, else 0)");
  plan->add_flag("--json", options->json, "Print JSON");
  plan->callback([options, extension, post] {
    if (options->model == "deepseek-v3") {
      if (extension->count() == 0) options->extension_hours = kReportExtensionHours;
      if (post->count() == 0) options->post_hours = kReportPostTrainingHours;
    }
    run_plan(*options);
  });
}

}  // namespace frugal::cli

// frugal cost serve: what serving earned, what it cost, and what others would have charged.
#include <fmt/core.h>

#include <map>
#include <memory>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cost/prices.h"
#include "server/store.h"

namespace frugal::cli {

namespace {

struct ServeCostOptions {
  std::string data;
  std::int64_t days = 30;
  double hours = 0;  // 0: from the first request on
  double devices = 1;
  double price = 0;
  bool json = false;
};

struct ModelSum {
  std::int64_t requests = 0;
  cost::ServedTokens tokens;
  server::Nanodollars income = 0;

  void add(const server::LedgerDay& day) {
    requests += day.requests;
    tokens.hit += day.tokens.hit;
    tokens.miss += day.tokens.miss;
    tokens.output += day.tokens.output;
    income += day.cost;
  }
};

double to_dollars(server::Nanodollars amount) { return static_cast<double>(amount) * 1e-9; }

Json sum_json(const ModelSum& sum) {
  return {{"requests", sum.requests},
          {"hit_tokens", sum.tokens.hit},
          {"miss_tokens", sum.tokens.miss},
          {"output_tokens", sum.tokens.output},
          {"income", to_dollars(sum.income)}};
}

void print_text(const Json& report) {
  const Json& total = report["total"];
  for (const auto& [model, sum] : report["models"].items()) {
    fmt::print("{:<28} {:>8} requests, {} hit + {} miss + {} output tokens, ${:.6f}\n", model,
               sum["requests"].get<std::int64_t>(), sum["hit_tokens"].get<std::int64_t>(),
               sum["miss_tokens"].get<std::int64_t>(), sum["output_tokens"].get<std::int64_t>(),
               sum["income"].get<double>());
  }
  fmt::print("income ${:.6f}, device hours {:.2f}, device cost ${:.6f}, margin ${:.6f}\n",
             total["income"].get<double>(), report["device_hours"].get<double>(),
             report["device_cost"].get<double>(), report["margin"].get<double>());
  fmt::print("The same tokens would have cost:\n");
  for (const auto& [name, dollars] : report["elsewhere"].items()) {
    fmt::print("{:<28} ${:.6f}\n", name, dollars.get<double>());
  }
}

void run_cost_serve(const ServeCostOptions& options) {
  const server::Store store(options.data.empty() ? server::Store::default_folder()
                                                 : std::filesystem::path(options.data));
  std::map<std::string, ModelSum> models;
  ModelSum total;
  for (const server::LedgerDay& day : store.ledger(options.days, std::nullopt)) {
    models[day.model].add(day);
    total.add(day);
  }
  const double hours =
      options.hours > 0 ? options.hours : store.seconds_in_use(options.days) / 3600.0;
  const double device_hours = hours * options.devices;
  const double device_cost = device_hours * options.price;
  Json report = {{"days", options.days}, {"models", Json::object()}, {"total", sum_json(total)}};
  for (const auto& [name, sum] : models) report["models"][name] = sum_json(sum);
  report["device_hours"] = device_hours;
  report["device_cost"] = device_cost;
  report["margin"] = to_dollars(total.income) - device_cost;
  for (const auto& [name, prices] : cost::public_prices()) {
    report["elsewhere"][name] = to_dollars(cost::charge(prices, total.tokens));
  }
  if (options.json) {
    fmt::print("{}\n", report.dump(2));
  } else {
    print_text(report);
  }
}

}  // namespace

void add_cost_serve(CLI::App& cost) {
  CLI::App* command = cost.add_subcommand(
      "serve", "What frugal serve earned, cost, and saved against public prices");
  const auto options = std::make_shared<ServeCostOptions>();
  command->add_option("--data", options->data, "Folder of the server's database")->type_name("DIR");
  command->add_option("--days", options->days, "Of so many days, today included")
      ->check(CLI::Range(1, 36500))
      ->capture_default_str();
  command->add_option("--price", options->price, "Dollars a device hour: power and hardware")
      ->capture_default_str();
  command->add_option("--devices", options->devices, "How many devices serve")
      ->capture_default_str();
  command->add_option("--hours", options->hours,
                      "Hours that they served (default: since the first request of those days)");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_cost_serve(*options); });
}

}  // namespace frugal::cli

// frugal keys: who may use the server, how much, and for how much money.
#include <fmt/core.h>

#include <cmath>
#include <memory>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "server/store.h"

namespace frugal::cli {

namespace {

struct KeysOptions {
  std::string data;
  server::Key key;
  double amount = 0;
  bool granted = false;
  std::string file;
  bool json = false;
};

server::Store open_store(const std::string& data) {
  return server::Store(data.empty() ? server::Store::default_folder()
                                    : std::filesystem::path(data));
}

void run_add(const KeysOptions& options) {
  auto store = open_store(options.data);
  const std::string secret = store.add_key(options.key);
  fmt::print("{}\n", secret);
  fmt::print(stderr, "frugal: this is the only time that the key of {} is shown\n",
             printable(options.key.name));
}

void run_list(const KeysOptions& options) {
  const auto store = open_store(options.data);
  Json list = Json::array();
  for (const server::Key& key : store.keys()) {
    const server::Balance balance = store.balance(key.user);
    list.push_back({{"name", key.name},
                    {"user", key.user},
                    {"created", key.created},
                    {"revoked", key.revoked},
                    {"requests_per_minute", key.requests_per_minute},
                    {"concurrent", key.concurrent},
                    {"balance", balance.limited ? Json(cost::dollars(balance.total())) : Json()}});
  }
  if (options.json) {
    fmt::print("{}\n", list.dump(2));
    return;
  }
  if (list.empty()) fmt::print("There are no keys; frugal keys add NAME makes one.\n");
  for (const Json& key : list) {
    fmt::print(
        "{:<20} user {:<20} {} {}\n", key["name"].get<std::string>(),
        key["user"].get<std::string>(),
        key["balance"].is_null() ? "no limit of money" : "$" + key["balance"].get<std::string>(),
        key["revoked"].get<bool>() ? "revoked" : "");
  }
}

void run_top_up(const KeysOptions& options) {
  auto store = open_store(options.data);
  require(std::isfinite(options.amount) && std::fabs(options.amount) <= 1e9,
          "{} is no amount of dollars", options.amount);
  store.top_up(options.key.name, std::llround(options.amount * 1e9), options.granted);
  for (const server::Key& key : store.keys()) {
    if (key.name != options.key.name) continue;
    fmt::print("{}: ${}\n", key.user, cost::dollars(store.balance(key.user).total()));
  }
}

CLI::App* add_command(CLI::App& keys, const std::shared_ptr<KeysOptions>& options, const char* name,
                      const char* what, bool takes_name) {
  CLI::App* command = keys.add_subcommand(name, what);
  if (takes_name) command->add_option("NAME", options->key.name, "The key's name")->required();
  command->add_option("--data", options->data, "Folder of the server's database")->type_name("DIR");
  return command;
}

}  // namespace

void add_keys(CLI::App& app) {
  CLI::App* keys = app.add_subcommand("keys", "Keys of frugal serve: who may use it, and how much");
  keys->require_subcommand(1);
  const auto options = std::make_shared<KeysOptions>();

  CLI::App* add = add_command(*keys, options, "add", "Make a key, and show it this once", true);
  add->add_option("--user", options->key.user,
                  "Whose it is (default: NAME); keys of one user share chats and balance");
  add->add_option("--requests-per-minute", options->key.requests_per_minute, "0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  add->add_option("--concurrent", options->key.concurrent, "Requests at a time; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  add->callback([options] { run_add(*options); });

  CLI::App* list =
      add_command(*keys, options, "list", "Show the keys, without their secrets", false);
  list->add_flag("--json", options->json, "Print JSON");
  list->callback([options] { run_list(*options); });

  CLI::App* revoke = add_command(*keys, options, "revoke", "Make a key useless, at once", true);
  revoke->callback([options] { open_store(options->data).revoke_key(options->key.name); });

  CLI::App* backup =
      add_command(*keys, options, "backup",
                  "Copy keys, ledger and chats to a new file, while the server runs", false);
  backup
      ->add_option("FILE", options->file,
                   "To put it back: stop the server, copy it to "
                   "DIR/frugal.db, and remove DIR/frugal.db-wal")
      ->required();
  backup->callback([options] { open_store(options->data).backup(options->file); });

  CLI::App* top_up = add_command(
      *keys, options, "topup",
      "Add dollars to the balance of a key's user, who from the first time on is limited by it",
      true);
  top_up->add_option("AMOUNT", options->amount, "Dollars")->required();
  top_up->add_flag("--granted", options->granted, "As a gift, which is spent first");
  top_up->callback([options] { run_top_up(*options); });
}

}  // namespace frugal::cli

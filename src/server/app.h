// The server's endpoints.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>

#include "cost/prices.h"
#include "server/api_error.h"
#include "server/billing.h"
#include "server/endpoint.h"
#include "server/http.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/outage.h"
#include "server/pulls.h"
#include "server/replay.h"
#include "server/served_model.h"
#include "server/static_files.h"
#include "server/store.h"

namespace frugal::server {

struct AppOptions {
  std::filesystem::path page{};  // the folder of the chat page
  std::filesystem::path runs{};  // the folder of training runs
  cost::PriceList prices{};
  std::string version{};
  /// Models that could be fetched: [{"id", "gigabytes", "licence", "here"}].
  std::function<Json()> catalog = [] { return Json::array(); };
  /// Fetches models for /api/pulls.
  Puller puller = nullptr;
  /// Sequences of one model that may wait or run; beyond it requests are refused with 503.
  int max_active = 128;
};

/// Answers requests: finds the endpoint, checks the key, parses, generates, bills. Knows nothing of
/// sockets. All methods may be called from several threads.
class App {
 public:
  App(ModelRegistry& models, Store& store, AppOptions options);

  /// Answers `request` through `exchange`, now or later; throws nothing.
  void handle(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);

  /// Ends what is being generated; clients are told.
  void cut_off();

  /// Waits until what has ended was billed, as far as the disk allows, and clients were told.
  void flush();

 private:
  /// A request whose key was checked.
  struct Visit {
    const HttpRequest& request;
    std::shared_ptr<Exchange> exchange;
    Key key;
    std::string rest;  // of the path, behind the route's
  };
  struct Route {
    std::string_view method;
    std::string_view path;  // one that ends with / matches all below it
    void (App::*endpoint)(const Visit& visit);
  };
  static std::span<const Route> routes();

  void refuse(const HttpRequest& request, Exchange& exchange, const ApiError& error);
  void dispatch(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  bool send_page(const HttpRequest& request, Exchange& exchange) const;
  Key authorize(const HttpRequest& request) const;

  // What generates (app_generate.cpp).
  void chat_completions(const Visit& visit);
  void text_completions(const Visit& visit);
  void anthropic_messages(const Visit& visit);
  void anthropic_count(const Visit& visit);
  void resumable(const Visit& visit);
  void resume(const Visit& visit);
  void stop_generation(const Visit& visit);
  struct Admission {
    std::shared_ptr<ServedModel> model;
    KeyLimits::Ticket ticket;
  };
  using MakeWriter = std::function<std::shared_ptr<GenerationListener>(Call call)>;
  Admission admit(const Visit& visit, const CommonRequest& wanted);
  void run_chat(const Visit& visit, const std::shared_ptr<Exchange>& exchange,
                const ChatCompletionRequest& wanted);
  void generate(const Visit& visit, Admission admission, const std::shared_ptr<Exchange>& exchange,
                GenerationPlan plan, const MakeWriter& make_writer);
  void bill(std::int64_t row, LedgerEntry entry, const Usage& usage, Ending worst,
            std::function<void()> done);

  // What tells (app_page.cpp).
  void list_models(const Visit& visit);
  void balance(const Visit& visit);
  void status(const Visit& visit);
  void metrics(const Visit& visit);
  void list_chats(const Visit& visit);
  void get_chat(const Visit& visit);
  void put_chat(const Visit& visit);
  void delete_chat(const Visit& visit);
  void delete_chats(const Visit& visit);
  void ledger(const Visit& visit);
  void list_runs(const Visit& visit);
  void get_run(const Visit& visit);
  void get_pull(const Visit& visit);
  void start_pull(const Visit& visit);
  void stop_pull(const Visit& visit);

  ModelRegistry& models_;
  Store& store_;
  AppOptions options_;
  StaticFiles page_;
  Pulls pulls_;
  KeyLimits limits_;
  Metrics metrics_;
  Replays replays_;

  std::mutex mutex_;
  std::set<std::weak_ptr<Generation>, std::owner_less<>> running_;  // guarded

  Outage outage_{"the database"};
  Billing billing_;  // last: it tells of answers that have ended until its own end
};

/// Sends JSON with status 200.
void reply(Exchange& exchange, const Json& json);

}  // namespace frugal::server

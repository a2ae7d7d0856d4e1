// The server's endpoints.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "server/endpoint.h"
#include "server/http.h"
#include "server/served_model.h"
#include "server/static_files.h"

namespace frugal::server {

struct AppOptions {
  std::filesystem::path page;  // the folder of the chat page
};

/// Answers requests: finds the endpoint, parses, generates. Knows nothing of sockets. All methods
/// may be called from several threads.
class App {
 public:
  App(ModelRegistry& models, AppOptions options);

  /// Answers `request` through `exchange`, now or later; throws nothing.
  void handle(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);

  /// Ends what is being generated; clients are told.
  void cut_off();

 private:
  using Endpoint = void (App::*)(const HttpRequest&, const std::shared_ptr<Exchange>&);

  void dispatch(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  void health(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  void list_models(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  void chat_completions(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  void text_completions(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);

  Call make_call(const std::shared_ptr<Exchange>& exchange, std::shared_ptr<ServedModel> model);
  void generate(const Call& call, GenerationPlan plan,
                const std::function<std::shared_ptr<GenerationListener>()>& make_writer);

  ModelRegistry& models_;
  AppOptions options_;
  StaticFiles page_;

  std::mutex mutex_;
  std::set<std::weak_ptr<Generation>, std::owner_less<>> running_;  // guarded
};

}  // namespace frugal::server

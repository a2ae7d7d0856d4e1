#include "server/app.h"

#include <array>

#include "base/log.h"
#include "server/anthropic.h"
#include "server/api_error.h"
#include "server/origin.h"
#include "server/wire.h"

namespace frugal::server {

namespace {

constexpr const char* kLocal = "local";  // key and user where no key is needed

// The same endpoints answer with and without /v1, and under DeepSeek's /beta.
std::string_view without_version(std::string_view path) {
  for (const std::string_view prefix : {"/v1/", "/beta/v1/", "/beta/"}) {
    if (path.starts_with(prefix)) return path.substr(prefix.size() - 1);
  }
  return path;
}

bool matches(std::string_view route, std::string_view path) {
  if (!route.ends_with('/')) return route == path;
  return path.size() > route.size() && path.starts_with(route);
}

}  // namespace

void reply(Exchange& exchange, const Json& json) {
  exchange.send({200, "application/json", to_wire(json), {{"Cache-Control", "no-store"}}});
}

App::App(ModelRegistry& models, Store& store, AppOptions options)
    : models_(models),
      store_(store),
      options_(std::move(options)),
      page_(options_.page),
      pulls_(options_.puller),
      billing_(store, outage_) {}

std::span<const App::Route> App::routes() {
  static constexpr std::array kRoutes = {
      Route{"GET", "/models", &App::list_models},
      Route{"POST", "/chat/completions", &App::chat_completions},
      Route{"POST", "/completions", &App::text_completions},
      Route{"POST", "/anthropic/v1/messages", &App::anthropic_messages},
      Route{"POST", "/anthropic/v1/messages/count_tokens", &App::anthropic_count},
      Route{"GET", "/anthropic/v1/models", &App::list_models},
      Route{"GET", "/user/balance", &App::balance},
      Route{"GET", "/metrics", &App::metrics},
      Route{"GET", "/api/status", &App::status},
      Route{"GET", "/api/chats", &App::list_chats},
      Route{"DELETE", "/api/chats", &App::delete_chats},
      Route{"GET", "/api/chats/", &App::get_chat},
      Route{"PUT", "/api/chats/", &App::put_chat},
      Route{"DELETE", "/api/chats/", &App::delete_chat},
      Route{"GET", "/api/ledger", &App::ledger},
      Route{"GET", "/api/runs", &App::list_runs},
      Route{"GET", "/api/runs/", &App::get_run},
      Route{"GET", "/api/pulls", &App::get_pull},
      Route{"POST", "/api/pulls", &App::start_pull},
      Route{"DELETE", "/api/pulls", &App::stop_pull},
      Route{"POST", "/api/generations", &App::resumable},
      Route{"GET", "/api/generations/", &App::resume},
      Route{"DELETE", "/api/generations/", &App::stop_generation},
  };
  return kRoutes;
}

void App::handle(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  try {
    dispatch(request, exchange);
  } catch (const ApiError& error) {
    refuse(request, *exchange, error);
  } catch (const DatabaseError& error) {
    outage_.report(error.what());
    refuse(request, *exchange,
           ApiError(500,
                    "the server's database cannot be used, for want of disk space perhaps; its "
                    "log says more",
                    {}, "database_unavailable"));
  } catch (const std::exception& error) {
    log_warning("{} {}: {}", request.method, printable(request.path()), error.what());
    refuse(request, *exchange, ApiError(500, error.what()));
  }
}

void App::refuse(const HttpRequest& request, Exchange& exchange, const ApiError& error) {
  metrics_.count_refusal(error.status());
  const bool anthropic = request.path().starts_with("/anthropic/");
  exchange.send(anthropic ? anthropic_error(error) : error_response(error));
}

void App::dispatch(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  check_origin(request);
  if (request.path() == "/health") return reply(*exchange, {{"status", "ok"}});
  const std::string_view method =
      request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  const std::string_view path = without_version(request.path());
  bool path_exists = false;
  for (const Route& route : routes()) {
    if (!matches(route.path, path)) continue;
    path_exists = true;
    if (route.method != method) continue;
    const bool below = route.path.ends_with('/');
    const Visit visit{request, exchange, authorize(request),
                      below ? decode_url(path.substr(route.path.size()), false) : std::string()};
    return (this->*route.endpoint)(visit);
  }
  if (send_page(request, *exchange)) return;
  if (path_exists) {
    throw ApiError(405, fmt::format("{} does not answer {}", printable(request.path()),
                                    printable(request.method)));
  }
  throw ApiError(404, fmt::format("there is nothing at {}", printable(request.path())));
}

bool App::send_page(const HttpRequest& request, Exchange& exchange) const {
  if (request.method != "GET" && request.method != "HEAD") return false;
  const HttpResponse* file = page_.find(decode_url(request.path(), false));
  if (file != nullptr) exchange.send(*file);
  return file != nullptr;
}

// As long as there is no key, whoever reaches this machine's own name may ask. The program does not
// listen elsewhere then.
Key App::authorize(const HttpRequest& request) const {
  if (!store_.needs_key()) {
    if (!is_local_host(request)) {
      throw ApiError(403, fmt::format("{} is not this machine's own name, and there is no key yet; "
                                      "make one with: frugal keys add NAME",
                                      printable(request.header("Host"))));
    }
    return {.name = kLocal, .user = kLocal};
  }
  std::string_view secret = request.header("Authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (secret.starts_with(kBearer)) {
    secret.remove_prefix(kBearer.size());
  } else {
    secret = request.header("x-api-key");  // as Anthropic's clients send it
  }
  if (secret.empty()) {
    throw ApiError(401, "no key: send it as Authorization: Bearer KEY", {}, "invalid_api_key");
  }
  if (const auto key = store_.find_key(secret)) return *key;
  throw ApiError(401, "this key is not known, or was revoked", {}, "invalid_api_key");
}

void App::flush() { billing_.flush(); }

void App::cut_off() {
  const std::scoped_lock lock(mutex_);
  for (const auto& weak : running_) {
    if (const auto generation = weak.lock()) generation->cancel(Ending::cut_off);
  }
}

}  // namespace frugal::server

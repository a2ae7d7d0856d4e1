#include "server/app.h"

#include <array>

#include "base/log.h"
#include "server/api_error.h"
#include "server/origin.h"
#include "server/wire.h"

namespace frugal::server {

namespace {

void reply(Exchange& exchange, const Json& json) {
  exchange.send({200, "application/json", to_wire(json), {}});
}

// The same endpoints answer with and without /v1, and under DeepSeek's /beta.
std::string_view without_version(std::string_view path) {
  for (const std::string_view prefix : {"/v1/", "/beta/v1/", "/beta/"}) {
    if (path.starts_with(prefix)) return path.substr(prefix.size() - 1);
  }
  return path;
}

}  // namespace

App::App(ModelRegistry& models, AppOptions options)
    : models_(models), options_(std::move(options)), page_(options_.page) {}

void App::handle(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  try {
    dispatch(request, exchange);
  } catch (const ApiError& error) {
    exchange->send(error_response(error));
  } catch (const std::exception& error) {
    log_warning("{} {}: {}", request.method, printable(request.path()), error.what());
    exchange->send(error_response(ApiError(500, error.what())));
  }
}

void App::dispatch(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  struct Route {
    std::string_view method;
    std::string_view path;
    Endpoint endpoint;
  };
  static constexpr std::array kRoutes = {
      Route{"GET", "/health", &App::health},
      Route{"GET", "/models", &App::list_models},
      Route{"POST", "/chat/completions", &App::chat_completions},
      Route{"POST", "/completions", &App::text_completions},
  };
  check_origin(request);
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  const std::string_view path = without_version(request.path());
  bool path_exists = false;
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method == method) return (this->*route.endpoint)(request, exchange);
    path_exists = true;
  }
  const HttpResponse* file = page_.find(decode_url(request.path(), false));
  if (file != nullptr && method == "GET") return exchange->send(*file);
  if (path_exists || file != nullptr) {
    throw ApiError(405, fmt::format("{} does not answer {}", printable(request.path()),
                                    printable(request.method)));
  }
  throw ApiError(404, fmt::format("there is nothing at {}", printable(request.path())));
}

void App::health(const HttpRequest& /*request*/, const std::shared_ptr<Exchange>& exchange) {
  reply(*exchange, {{"status", "ok"}});
}

void App::list_models(const HttpRequest& /*request*/, const std::shared_ptr<Exchange>& exchange) {
  Json data = Json::array();
  for (const ModelRegistry::Entry& entry : models_.list()) {
    data.push_back({{"id", entry.name},
                    {"object", "model"},
                    {"created", entry.created},
                    {"owned_by", "frugal"}});
  }
  reply(*exchange, {{"object", "list"}, {"data", std::move(data)}});
}

void App::chat_completions(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  const ChatCompletionRequest wanted = parse_chat_completion(request.body);
  const Call call = make_call(exchange, models_.get(wanted.common.model));
  generate(call, plan_chat(wanted, *call.model, ""), [&] { return chat_writer(call, wanted); });
}

void App::text_completions(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
  const TextCompletionRequest wanted = parse_text_completion(request.body);
  const Call call = make_call(exchange, models_.get(wanted.common.model));
  generate(call, plan_text(wanted, *call.model, ""), [&] { return text_writer(call, wanted); });
}

Call App::make_call(const std::shared_ptr<Exchange>& exchange, std::shared_ptr<ServedModel> model) {
  return {exchange, std::move(model), [](const Usage&, Ending) {}};
}

void App::generate(const Call& call, GenerationPlan plan,
                   const std::function<std::shared_ptr<GenerationListener>()>& make_writer) {
  try {
    call.model->engine->check(plan.request);
  } catch (const Error& error) {
    throw ApiError(400, error.what(), "messages", "context_length_exceeded");
  }
  // The writer begins the response, so it comes when nothing can be refused any more.
  const auto generation = Generation::start(call.model, std::move(plan), make_writer());
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(running_, [](const auto& other) { return other.expired(); });
    running_.insert(generation);
  }
  call.exchange->on_gone([weak = std::weak_ptr(generation)] {
    if (const auto alive = weak.lock()) alive->cancel(Ending::cancelled);
  });
}

void App::cut_off() {
  const std::scoped_lock lock(mutex_);
  for (const auto& weak : running_) {
    if (const auto generation = weak.lock()) generation->cancel(Ending::cut_off);
  }
}

}  // namespace frugal::server

// The endpoints that tell: models, balance, metrics, and what the chat page shows and keeps.
#include <algorithm>
#include <charconv>

#include "server/api_error.h"
#include "server/app.h"
#include "server/run_folders.h"
#include "server/wire.h"

namespace frugal::server {

namespace {

constexpr std::size_t kMaxChatBytes = 16U << 20;
constexpr std::size_t kMaxTitleBytes = 1000;

double to_dollars(Nanodollars amount) { return static_cast<double>(amount) * 1e-9; }

// A whole number of the query, or `otherwise`; ApiError 422 when it is something else.
std::int64_t query_integer(const HttpRequest& request, std::string_view name,
                           std::int64_t otherwise, std::int64_t most) {
  const std::string text = request.query(name);
  if (text.empty()) return otherwise;
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > most) {
    throw ApiError(422, fmt::format("{}: expected a whole number from 0 to {}", name, most),
                   std::string(name));
  }
  return value;
}

Json chat_json(const Chat& chat) {
  return {{"id", chat.id},
          {"title", chat.title},
          {"pinned", chat.pinned},
          {"created", chat.created},
          {"updated", chat.updated}};
}

void check_chat_id(const std::string& id) {
  const bool plain = std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (!plain || id.size() > 64) {
    throw ApiError(422, "id: expected 1 to 64 letters, digits, dashes or underscores", "id");
  }
}

// Whether the template lets the client switch the reasoning on and off ("thinking"), and whether
// the model reasons when nobody says ("thinks").
void tell_thinking(const ServedModel& model, Json& status) {
  status["thinking"] = "never";
  status["thinks"] = false;
  if (!model.format) return;
  text::ChatRequest request;
  request.messages = {{{"role", "user"}, {"content", "hello"}}};
  const auto render = [&](Json extra) {
    request.extra = std::move(extra);
    try {
      return model.format->render(request);
    } catch (const Error&) {
      return std::string();
    }
  };
  const auto render_switched = [&](bool think) {
    return render({{"enable_thinking", think}, {"thinking", think}});
  };
  const std::string with = render_switched(true);
  // A prompt that opens the reasoning can have it closed.
  if (with == render_switched(false) && with.find("<think>") == std::string::npos) return;
  status["thinking"] = "switch";
  status["thinks"] = with == render(Json::object());
}

}  // namespace

void App::list_models(const Visit& visit) {
  Json data = Json::array();
  for (const ModelRegistry::Entry& entry : models_.list()) {
    data.push_back({{"id", entry.name},
                    {"object", "model"},
                    {"created", entry.created},
                    {"owned_by", "frugal"}});
  }
  reply(*visit.exchange, {{"object", "list"}, {"data", std::move(data)}});
}

void App::balance(const Visit& visit) {
  const Balance left = store_.balance(visit.key.user);
  reply(*visit.exchange,
        {{"is_available", !left.limited || left.total() > 0},
         {"balance_infos", Json::array({{{"currency", "USD"},
                                         {"total_balance", cost::dollars(left.total())},
                                         {"granted_balance", cost::dollars(left.granted)},
                                         {"topped_up_balance", cost::dollars(left.topped_up)}}})}});
}

void App::metrics(const Visit& visit) {
  visit.exchange->send(
      {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text(models_.list()), {}});
}

void App::status(const Visit& visit) {
  Json models = Json::array();
  Json prices = Json::object();
  for (const ModelRegistry::Entry& entry : models_.list()) {
    Json model = {
        {"id", entry.name}, {"loaded", entry.model != nullptr}, {"default", models.empty()}};
    if (entry.model) {
      model["context"] = entry.model->engine->context();
      model["parameters"] = entry.model->parameters;
      tell_thinking(*entry.model, model);
    }
    models.push_back(std::move(model));
    const cost::Prices price = options_.prices.at(entry.name, unix_time());
    prices[entry.name] = {{"hit", price.hit}, {"miss", price.miss}, {"output", price.output}};
  }
  reply(*visit.exchange, {{"version", options_.version},
                          {"needs_key", store_.needs_key()},
                          {"user", visit.key.user},
                          {"models", std::move(models)},
                          {"catalog", options_.catalog()},
                          {"prices", std::move(prices)}});
}

void App::list_chats(const Visit& visit) {
  Json chats = Json::array();
  for (const Chat& chat : store_.chats(visit.key.user)) chats.push_back(chat_json(chat));
  reply(*visit.exchange, {{"chats", std::move(chats)}});
}

void App::get_chat(const Visit& visit) {
  const std::optional<Chat> chat = store_.chat(visit.key.user, visit.rest);
  if (!chat) throw ApiError(404, "there is no such chat");
  Json json = chat_json(*chat);
  json["data"] = parse_json(chat->data, "stored chat");
  reply(*visit.exchange, json);
}

void App::put_chat(const Visit& visit) {
  check_chat_id(visit.rest);
  if (visit.request.body.size() > kMaxChatBytes) throw ApiError(413, "the chat is too large");
  const Json body = parse_body(visit.request.body);
  Fields fields(body, "");
  Chat chat{.id = visit.rest};
  chat.title = fields.string("title").value_or("").substr(0, kMaxTitleBytes);
  chat.pinned = fields.boolean("pinned").value_or(false);
  const Json* data = fields.object("data");
  if (data == nullptr) fields.refuse("data", "is missing");
  fields.finish();
  chat.data = to_wire(*data);
  reply(*visit.exchange, chat_json(store_.put_chat(visit.key.user, std::move(chat))));
}

void App::delete_chat(const Visit& visit) {
  reply(*visit.exchange, {{"deleted", store_.delete_chats(visit.key.user, visit.rest)}});
}

void App::delete_chats(const Visit& visit) {
  reply(*visit.exchange, {{"deleted", store_.delete_chats(visit.key.user, std::nullopt)}});
}

void App::ledger(const Visit& visit) {
  const std::int64_t days = query_integer(visit.request, "days", 30, 36500);
  Json rows = Json::array();
  for (const LedgerDay& day : store_.ledger(days, visit.key.user)) {
    rows.push_back({{"day", day.day},
                    {"model", day.model},
                    {"key", day.key},
                    {"requests", day.requests},
                    {"hit", day.tokens.hit},
                    {"miss", day.tokens.miss},
                    {"output", day.tokens.output},
                    {"reasoning", day.reasoning},
                    {"cost", to_dollars(day.cost)}});
  }
  const Balance left = store_.balance(visit.key.user);
  reply(*visit.exchange, {{"days", std::move(rows)},
                          {"balance", left.limited ? Json(to_dollars(left.total())) : Json()}});
}

void App::list_runs(const Visit& visit) {
  Json runs = Json::array();
  for (const RunSummary& run : server::list_runs(options_.runs)) {
    runs.push_back({{"id", run.id}, {"updated", run.updated}, {"lines", run.lines}});
  }
  reply(*visit.exchange, {{"runs", std::move(runs)}});
}

void App::get_run(const Visit& visit) {
  const std::int64_t from = query_integer(visit.request, "from", 0, INT64_MAX);
  const std::optional<Json> run = read_run(options_.runs, visit.rest, from);
  if (!run) throw ApiError(404, "there is no such run");
  reply(*visit.exchange, *run);
}

void App::get_pull(const Visit& visit) {
  const Pull pull = pulls_.last();
  reply(*visit.exchange, {{"model", pull.model},
                          {"done", pull.done},
                          {"total", pull.total},
                          {"running", pull.running},
                          {"error", pull.error}});
}

// Models are large: with keys, those whose disk it is fetch them.
void App::start_pull(const Visit& visit) {
  if (store_.needs_key() || !options_.puller) {
    throw ApiError(403, "whoever runs this server fetches models: frugal pull NAME");
  }
  const Json body = parse_body(visit.request.body);
  Fields fields(body, "");
  const std::optional<std::string> model = fields.string("model");
  if (!model) fields.refuse("model", "is missing");
  fields.finish();
  pulls_.start(*model);
  get_pull(visit);
}

void App::stop_pull(const Visit& visit) {
  pulls_.stop();
  get_pull(visit);
}

}  // namespace frugal::server

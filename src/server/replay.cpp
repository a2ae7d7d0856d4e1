#include "server/replay.h"

#include <fmt/core.h>

#include "server/wire.h"

namespace frugal::server {

namespace {

constexpr auto kKeepFor = std::chrono::minutes(10);
constexpr const char* kKeepAlive = ": keep-alive\n\n";

}  // namespace

std::string Replay::numbered(std::size_t index, const std::string& event) {
  return fmt::format("id: {}\n{}", index, event);
}

// A refusal comes whole: as the only event.
void Replay::send(HttpResponse response) {
  write(fmt::format("data: {}\n\n", response.body));
  end();
}

void Replay::start(HttpResponse head) {
  const std::scoped_lock lock(mutex_);
  head_ = std::move(head);
}

void Replay::write(std::string text) {
  const std::scoped_lock lock(mutex_);
  const std::string event = numbered(events_.size(), text);
  for (const auto& subscriber : subscribers_) subscriber->write(event);
  events_.push_back(std::move(text));
}

void Replay::end() {
  const std::scoped_lock lock(mutex_);
  if (ended_) return;
  for (const auto& subscriber : subscribers_) subscriber->end();
  subscribers_.clear();
  on_stop_ = nullptr;
  ended_ = std::chrono::steady_clock::now();
}

void Replay::idle_text(std::string /*text*/) {}

void Replay::on_gone(std::function<void()> callback) {
  const std::scoped_lock lock(mutex_);
  if (!ended_) on_stop_ = std::move(callback);
}

void Replay::subscribe(std::shared_ptr<Exchange> exchange, std::size_t from) {
  const std::scoped_lock lock(mutex_);
  exchange->idle_text(kKeepAlive);
  exchange->start({200, "text/event-stream; charset=utf-8", "", {{"Cache-Control", "no-cache"}}});
  std::string text;
  for (std::size_t i = from; i < events_.size(); ++i) text += numbered(i, events_[i]);
  if (!text.empty()) exchange->write(std::move(text));
  if (ended_) return exchange->end();
  subscribers_.push_back(std::move(exchange));
}

void Replay::stop() {
  std::function<void()> callback;
  {
    const std::scoped_lock lock(mutex_);
    callback = on_stop_;
  }
  if (callback) callback();
}

std::optional<std::chrono::steady_clock::time_point> Replay::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

std::pair<std::string, std::shared_ptr<Replay>> Replays::add(const std::string& user) {
  const std::scoped_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(replays_, [&](const auto& entry) {
    const auto ended = entry.second->ended();
    return ended && now - *ended > kKeepFor;
  });
  std::string id = new_id("gen-");
  auto replay = std::make_shared<Replay>();
  replays_.emplace(std::pair(user, id), replay);
  return {std::move(id), std::move(replay)};
}

std::shared_ptr<Replay> Replays::find(const std::string& user, const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto found = replays_.find({user, id});
  return found == replays_.end() ? nullptr : found->second;
}

}  // namespace frugal::server

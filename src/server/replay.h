// Streams that outlive their client: a page that is loaded again takes up the answer where it was.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/http.h"

namespace frugal::server {

/// Keeps the events of one stream, and sends them to those who ask, from the first or a later one
/// on. Safe to use from several threads.
class Replay final : public Exchange {
 public:
  void send(HttpResponse response) override;
  void start(HttpResponse head) override;
  void write(std::string text) override;
  void end() override;
  void idle_text(std::string text) override;
  /// Nobody is missed: `callback` is for stop().
  void on_gone(std::function<void()> callback) override;

  /// Sends what there is from event `from` on, and then what comes.
  void subscribe(std::shared_ptr<Exchange> exchange, std::size_t from);
  /// Ends the stream's source.
  void stop();
  /// When it ended; nothing while it runs.
  std::optional<std::chrono::steady_clock::time_point> ended() const;

 private:
  static std::string numbered(std::size_t index, const std::string& event);

  mutable std::mutex mutex_;
  HttpResponse head_;                // guarded, as all below
  std::vector<std::string> events_;  // each with its blank line
  std::vector<std::shared_ptr<Exchange>> subscribers_;
  std::function<void()> on_stop_;
  std::optional<std::chrono::steady_clock::time_point> ended_;
};

/// The streams of all users by id. An ended stream is kept for ten minutes.
class Replays {
 public:
  /// A new stream of `user`, and its id.
  std::pair<std::string, std::shared_ptr<Replay>> add(const std::string& user);
  /// Null when there is none of this user.
  std::shared_ptr<Replay> find(const std::string& user, const std::string& id);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Replay>> replays_;  // guarded
};

}  // namespace frugal::server

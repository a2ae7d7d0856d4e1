// Between the threads that make an answer and the one that sends it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "server/http.h"

namespace frugal::server {

/// The exchange of one request on a connection. The session's coroutine, on the I/O thread, takes
/// out what other threads put in.
class Connection final : public Exchange {
 public:
  explicit Connection(boost::asio::io_context& io);

  void send(HttpResponse response) override;
  void start(HttpResponse head) override;
  void write(std::string text) override;
  void end() override;
  void idle_text(std::string text) override;
  void on_gone(std::function<void()> callback) override;

  // Those below are the session's.

  struct Output {
    std::optional<HttpResponse> head;
    std::string text;
    bool ended = false;
    bool gone = false;
  };
  /// What was put in since the last time.
  Output take();
  /// Nothing came for a while: puts the idle text in, where there is one.
  void take_idle_text();
  /// The client has gone away; what comes from now on is dropped.
  void set_gone();
  /// The session is done with it; handlers may keep it for longer than the sockets live.
  void detach();
  /// Cancelled whenever something was put in. It belongs to the I/O thread.
  std::shared_ptr<boost::asio::steady_timer> wake_timer();

 private:
  void wake();

  std::mutex mutex_;
  Output output_;  // guarded by mutex_, as all below
  std::shared_ptr<boost::asio::steady_timer> wake_;
  bool wakes_ = false;  // and nothing was taken since
  bool started_ = false;
  std::string idle_text_;
  std::function<void()> on_gone_;
};

}  // namespace frugal::server

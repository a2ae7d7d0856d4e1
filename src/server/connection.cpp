#include "server/connection.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace frugal::server {

Connection::Connection(boost::asio::io_context& io)
    : wake_(std::make_shared<boost::asio::steady_timer>(io)) {}

void Connection::send(HttpResponse response) {
  const std::scoped_lock lock(mutex_);
  if (output_.gone) return;
  output_.text += response.body;
  response.body.clear();
  if (!started_) output_.head = std::move(response);
  started_ = output_.ended = true;
  wake();
}

void Connection::start(HttpResponse head) {
  const std::scoped_lock lock(mutex_);
  if (!started_) output_.head = std::move(head);
  started_ = true;
  wake();
}

void Connection::write(std::string text) {
  const std::scoped_lock lock(mutex_);
  if (output_.gone) return;
  output_.text += text;
  wake();
}

void Connection::end() {
  const std::scoped_lock lock(mutex_);
  output_.ended = true;
  wake();
}

void Connection::idle_text(std::string text) {
  const std::scoped_lock lock(mutex_);
  idle_text_ = std::move(text);
}

void Connection::on_gone(std::function<void()> callback) {
  {
    const std::scoped_lock lock(mutex_);
    if (!output_.gone) {
      on_gone_ = std::move(callback);
      return;
    }
  }
  callback();
}

Connection::Output Connection::take() {
  const std::scoped_lock lock(mutex_);
  wakes_ = false;
  return {std::exchange(output_.head, {}), std::exchange(output_.text, {}), output_.ended,
          output_.gone};
}

void Connection::take_idle_text() {
  const std::scoped_lock lock(mutex_);
  if (idle_text_.empty()) return;
  if (!started_) output_.head.emplace();
  started_ = true;
  output_.text += idle_text_;
}

void Connection::set_gone() {
  std::function<void()> callback;
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(output_.gone, true)) return;
    callback = std::move(on_gone_);
    wake();
  }
  if (callback) callback();
}

void Connection::detach() {
  const std::scoped_lock lock(mutex_);
  on_gone_ = nullptr;
  wake_ = nullptr;
}

std::shared_ptr<boost::asio::steady_timer> Connection::wake_timer() {
  const std::scoped_lock lock(mutex_);
  return wake_;
}

void Connection::wake() {
  if (!wake_ || std::exchange(wakes_, true)) return;
  boost::asio::post(wake_->get_executor(), [timer = wake_] { timer->cancel(); });
}

}  // namespace frugal::server

// One connection: requests one after the other. For the files that speak over sockets.
#pragma once

#include <poll.h>

#include <array>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "server/api_error.h"
#include "server/connection.h"
#include "server/server_state.h"

namespace frugal::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

inline constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
inline constexpr std::uint32_t kMaxHeader = 32U << 10;
inline constexpr std::size_t kFirstRead = 4096;
// A client that has sent more is looked at so often.
inline constexpr std::chrono::milliseconds kLook{100};
// For the other side to say farewell.
inline constexpr std::chrono::seconds kFarewell{2};

inline HttpRequest to_request(http::request<http::string_body> message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

template <typename Body>
void fill_head(http::response<Body>& message, const HttpResponse& response) {
  message.result(static_cast<unsigned>(response.status));
  message.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.set(name, value);
}

/// Whether the other side sent all that it will, read or not.
inline bool has_ended(tcp::socket& socket) {
  pollfd look{socket.native_handle(), POLLRDHUP, 0};
  return ::poll(&look, 1, 0) > 0;
}

/// `Stream` is a beast::tcp_stream, or one with TLS over it.
template <typename Stream>
class Session final : public OpenSession, public std::enable_shared_from_this<Session<Stream>> {
 public:
  /// `make`: what a Stream is made of.
  template <typename... Make>
  explicit Session(ServerState& server, Make&&... make)
      : server_(server), stream_(std::forward<Make>(make)...) {
    server_.sessions.insert(this);
  }
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  asio::awaitable<void> run();
  bool close_if_idle() override {
    if (idle_) lowest().close();
    return std::exchange(idle_, false);
  }

 private:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  asio::awaitable<bool> open();
  asio::awaitable<void> close();
  asio::awaitable<bool> handle_one();
  asio::awaitable<void> refuse(beast::error_code error);
  asio::awaitable<bool> respond(Connection& connection);
  asio::awaitable<bool> write_whole(const HttpResponse& head, std::string body);
  asio::awaitable<bool> write_head(const HttpResponse& head);
  asio::awaitable<bool> write_piece(const std::string& text);
  asio::awaitable<bool> write_last();
  static asio::awaitable<void> watch(std::shared_ptr<Session> self,
                                     std::shared_ptr<Connection> connection);

  ServerState& server_;
  Stream stream_;
  beast::flat_buffer buffer_{kMaxHeader * 2};
  bool idle_ = true;
  std::shared_ptr<Connection> connection_;  // of the request that is being answered
  unsigned version_ = 11;
  bool keep_alive_ = true;
  bool head_only_ = false;
};

template <typename Stream>
Session<Stream>::~Session() {
  server_.sessions.erase(this);
  if (connection_) connection_->detach();
}

template <typename Stream>
asio::awaitable<void> Session<Stream>::run() {
  const auto self = this->shared_from_this();
  bool again = co_await open();
  while (again && !server_.stopping) again = co_await handle_one();
  co_await close();
}

// False when the client does not understand TLS as the server does.
template <typename Stream>
asio::awaitable<bool> Session<Stream>::open() {
  if constexpr (kTls) {
    lowest().expires_after(server_.options.read_timeout);
    const auto [error] = co_await stream_.async_handshake(Stream::server, kToken);
    co_return !error;
  }
  co_return true;
}

template <typename Stream>
asio::awaitable<void> Session<Stream>::close() {
  if constexpr (kTls) {
    lowest().expires_after(kFarewell);
    co_await stream_.async_shutdown(kToken);
  }
  beast::error_code ignored;
  lowest().socket().shutdown(tcp::socket::shutdown_send, ignored);
}

// False when the connection is to end.
template <typename Stream>
asio::awaitable<bool> Session<Stream>::handle_one() {
  idle_ = true;
  if (buffer_.size() == 0) {
    lowest().expires_after(server_.options.idle_timeout);
    const auto [error, bytes] =
        co_await stream_.async_read_some(buffer_.prepare(kFirstRead), kToken);
    if (error) co_return false;
    buffer_.commit(bytes);
  }
  idle_ = false;
  http::request_parser<http::string_body> parser;
  parser.body_limit(server_.options.max_body);
  parser.header_limit(kMaxHeader);
  lowest().expires_after(server_.options.read_timeout);
  {
    const auto [error, bytes] = co_await http::async_read_header(stream_, buffer_, parser, kToken);
    if (error) {
      co_await refuse(error);
      co_return false;
    }
  }
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on{http::status::continue_, 11};
    const auto [error, bytes] = co_await http::async_write(stream_, go_on, kToken);
    if (error) co_return false;
  }
  {
    const auto [error, bytes] = co_await http::async_read(stream_, buffer_, parser, kToken);
    if (error) {
      co_await refuse(error);
      co_return false;
    }
  }
  version_ = parser.get().version();
  keep_alive_ = parser.get().keep_alive();
  head_only_ = parser.get().method() == http::verb::head;
  const auto connection = std::make_shared<Connection>(server_.io);
  connection_ = connection;
  asio::post(server_.workers, [handler = &server_.handler, connection,
                               request = to_request(parser.release())]() mutable {
    (*handler)(std::move(request), connection);
  });
  asio::co_spawn(server_.io, watch(this->shared_from_this(), connection), asio::detached);
  const bool ok = co_await respond(*connection);
  if (!ok) connection->set_gone();
  connection->detach();
  connection_ = nullptr;
  beast::error_code ignored;
  lowest().socket().cancel(ignored);  // ends watch()
  co_return ok&& keep_alive_;
}

// Tells the client what was wrong with its request, if it still listens, and lets it read that:
// closing a socket with unread input would destroy what was sent.
template <typename Stream>
asio::awaitable<void> Session<Stream>::refuse(beast::error_code error) {
  HttpResponse response;
  if (error == http::error::body_limit) {
    response = error_response(ApiError(413, "the request is too large"));
  } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    response = error_response(ApiError(431, "the request's headers are too large"));
  } else if (error.category() == http::make_error_code(http::error::bad_target).category() &&
             error != http::error::end_of_stream && error != http::error::partial_message) {
    response = error_response(ApiError(400, "this is not HTTP"));
  } else {
    co_return;  // it went away, or was too slow
  }
  keep_alive_ = false;
  const bool written = co_await write_whole(response, std::exchange(response.body, {}));
  if (!written) co_return;
  co_await close();
  lowest().expires_after(kFarewell);
  std::array<char, 16384> dropped;
  for (;;) {
    const auto [end, bytes] = co_await lowest().async_read_some(asio::buffer(dropped), kToken);
    if (end) co_return;
  }
}

template <typename Stream>
asio::awaitable<bool> Session<Stream>::respond(Connection& connection) {
  const std::shared_ptr<asio::steady_timer> timer = connection.wake_timer();
  for (;;) {
    Connection::Output output = connection.take();
    if (output.gone) co_return false;
    if (output.head && output.ended) {
      const bool ok = co_await write_whole(*output.head, std::move(output.text));
      co_return ok;
    }
    bool ok = true;
    if (output.head) ok = co_await write_head(*output.head);
    if (ok && !head_only_ && !output.text.empty()) ok = co_await write_piece(output.text);
    if (!ok) co_return false;
    if (output.ended) {
      ok = co_await write_last();
      co_return ok;
    }
    // What came while that was being written woke nobody.
    if (output.head || !output.text.empty()) continue;
    lowest().expires_never();
    timer->expires_after(server_.options.keep_alive);
    const auto [error] = co_await timer->async_wait(kToken);
    if (!error) connection.take_idle_text();
  }
}

template <typename Stream>
asio::awaitable<bool> Session<Stream>::write_whole(const HttpResponse& head, std::string body) {
  http::response<http::string_body> message;
  message.version(version_);
  fill_head(message, head);
  message.body() = std::move(body);
  message.keep_alive(keep_alive_ && !server_.stopping);
  message.prepare_payload();
  http::response_serializer<http::string_body> serializer(message);
  serializer.split(head_only_);
  lowest().expires_after(server_.options.write_timeout);
  if (head_only_) {
    const auto [error, bytes] = co_await http::async_write_header(stream_, serializer, kToken);
    co_return !error;
  }
  const auto [error, bytes] = co_await http::async_write(stream_, serializer, kToken);
  co_return !error;
}

template <typename Stream>
asio::awaitable<bool> Session<Stream>::write_head(const HttpResponse& head) {
  http::response<http::empty_body> message;
  message.version(version_);
  fill_head(message, head);
  if (version_ < 11) keep_alive_ = false;  // no chunks there: the end of the connection is the end
  message.chunked(version_ >= 11);
  message.keep_alive(keep_alive_ && !server_.stopping);
  http::response_serializer<http::empty_body> serializer(message);
  lowest().expires_after(server_.options.write_timeout);
  const auto [error, bytes] = co_await http::async_write_header(stream_, serializer, kToken);
  co_return !error;
}

template <typename Stream>
asio::awaitable<bool> Session<Stream>::write_piece(const std::string& text) {
  lowest().expires_after(server_.options.write_timeout);
  if (version_ < 11) {
    const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(text), kToken);
    co_return !error;
  }
  const auto [error, bytes] =
      co_await asio::async_write(stream_, http::make_chunk(asio::buffer(text)), kToken);
  co_return !error;
}

template <typename Stream>
asio::awaitable<bool> Session<Stream>::write_last() {
  if (version_ < 11 || head_only_) co_return true;
  lowest().expires_after(server_.options.write_timeout);
  const auto [error, bytes] = co_await asio::async_write(stream_, http::make_chunk_last(), kToken);
  co_return !error;
}

// Notices a client that goes away while its answer is being made. Behind a client's next request,
// or the farewell of TLS, the end of the connection may still come.
template <typename Stream>
asio::awaitable<void> Session<Stream>::watch(std::shared_ptr<Session> self,
                                             std::shared_ptr<Connection> connection) {
  tcp::socket& socket = self->lowest().socket();
  const auto [error] = co_await socket.async_wait(tcp::socket::wait_read, kToken);
  if (error == asio::error::operation_aborted) co_return;
  asio::steady_timer pause(self->server_.io);
  while (!error && !has_ended(socket)) {
    pause.expires_after(kLook);
    co_await pause.async_wait(kToken);
    if (self->connection_ != connection) co_return;  // it was answered
  }
  connection->set_gone();
}

/// Speaks with a client over a stream made of `make`, until either side ends it.
template <typename Stream, typename... Make>
void begin_session(ServerState& server, Make&&... make) {
  const auto session = std::make_shared<Session<Stream>>(server, std::forward<Make>(make)...);
  asio::co_spawn(
      server.io, [session] { return session->run(); }, asio::detached);
}

}  // namespace frugal::server

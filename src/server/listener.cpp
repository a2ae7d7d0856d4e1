#include "server/listener.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "server/api_error.h"
#include "server/connection.h"

namespace frugal::server {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using std::chrono::seconds;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMaxHeader = 32U << 10;
constexpr std::size_t kFirstRead = 4096;
constexpr int kHandlerThreads = 16;  // most of them may wait for a model that is being loaded

HttpRequest to_request(http::request<http::string_body> message) {
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

class Session;

}  // namespace

struct ServerState {
  ServerState(ListenOptions listen_options, Handler request_handler, std::function<void()> cutoff)
      : options(std::move(listen_options)),
        handler(std::move(request_handler)),
        on_cutoff(std::move(cutoff)),
        workers(kHandlerThreads) {}

  void listen();
  asio::awaitable<void> accept();
  asio::awaitable<void> wait_for_signals();
  asio::awaitable<void> wind_down();
  void stop();

  ListenOptions options;
  Handler handler;
  std::function<void()> on_cutoff;
  std::set<Session*> sessions;  // the I/O thread's
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::signal_set signals{io};
  asio::steady_timer deadline{io};
  bool stopping = false;
  asio::thread_pool workers;  // last: its threads end first
};

namespace {

// One connection: requests one after the other.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ServerState& server, tcp::socket socket) : server_(server), stream_(std::move(socket)) {
    server_.sessions.insert(this);
  }
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  asio::awaitable<void> run();
  // Nothing is under way: nobody minds.
  void close_if_idle() {
    if (idle_) stream_.close();
  }

 private:
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
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kMaxHeader * 2};
  bool idle_ = true;
  // Of the request that is being answered.
  std::shared_ptr<Connection> connection_;
  unsigned version_ = 11;
  bool keep_alive_ = true;
  bool head_only_ = false;
};

}  // namespace

// -- The session ------------------------------------------------------------------------------

namespace {

Session::~Session() {
  server_.sessions.erase(this);
  if (connection_) connection_->detach();
}

asio::awaitable<void> Session::run() {
  const auto self = shared_from_this();
  while (!server_.stopping) {
    const bool again = co_await handle_one();
    if (!again) break;
  }
  beast::error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

// False when the connection is to end.
asio::awaitable<bool> Session::handle_one() {
  idle_ = true;
  if (buffer_.size() == 0) {
    stream_.expires_after(server_.options.idle_timeout);
    const auto [error, bytes] =
        co_await stream_.async_read_some(buffer_.prepare(kFirstRead), kToken);
    if (error) co_return false;
    buffer_.commit(bytes);
  }
  idle_ = false;
  http::request_parser<http::string_body> parser;
  parser.body_limit(server_.options.max_body);
  parser.header_limit(kMaxHeader);
  stream_.expires_after(server_.options.read_timeout);
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
  asio::co_spawn(server_.io, watch(shared_from_this(), connection), asio::detached);
  const bool ok = co_await respond(*connection);
  if (!ok) connection->set_gone();
  connection->detach();
  beast::error_code ignored;
  stream_.socket().cancel(ignored);  // ends watch()
  co_return ok&& keep_alive_;
}

// Tells the client what was wrong with its request, if it still listens, and lets it read that:
// closing a socket with unread input would destroy what was sent.
asio::awaitable<void> Session::refuse(beast::error_code error) {
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
  beast::error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.expires_after(seconds(2));
  std::array<char, 16384> dropped;
  for (;;) {
    const auto [end, bytes] = co_await stream_.async_read_some(asio::buffer(dropped), kToken);
    if (end) co_return;
  }
}

asio::awaitable<bool> Session::respond(Connection& connection) {
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
    stream_.expires_never();
    timer->expires_after(server_.options.keep_alive);
    const auto [error] = co_await timer->async_wait(kToken);
    if (!error) connection.take_idle_text();
  }
}

asio::awaitable<bool> Session::write_whole(const HttpResponse& head, std::string body) {
  http::response<http::string_body> message;
  message.version(version_);
  fill_head(message, head);
  message.body() = std::move(body);
  message.keep_alive(keep_alive_ && !server_.stopping);
  message.prepare_payload();
  http::response_serializer<http::string_body> serializer(message);
  serializer.split(head_only_);
  stream_.expires_after(server_.options.write_timeout);
  if (head_only_) {
    const auto [error, bytes] = co_await http::async_write_header(stream_, serializer, kToken);
    co_return !error;
  }
  const auto [error, bytes] = co_await http::async_write(stream_, serializer, kToken);
  co_return !error;
}

asio::awaitable<bool> Session::write_head(const HttpResponse& head) {
  http::response<http::empty_body> message;
  message.version(version_);
  fill_head(message, head);
  if (version_ < 11) keep_alive_ = false;  // no chunks there: the end of the connection is the end
  message.chunked(version_ >= 11);
  message.keep_alive(keep_alive_ && !server_.stopping);
  http::response_serializer<http::empty_body> serializer(message);
  stream_.expires_after(server_.options.write_timeout);
  const auto [error, bytes] = co_await http::async_write_header(stream_, serializer, kToken);
  co_return !error;
}

asio::awaitable<bool> Session::write_piece(const std::string& text) {
  stream_.expires_after(server_.options.write_timeout);
  if (version_ < 11) {
    const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(text), kToken);
    co_return !error;
  }
  const auto [error, bytes] =
      co_await asio::async_write(stream_, http::make_chunk(asio::buffer(text)), kToken);
  co_return !error;
}

asio::awaitable<bool> Session::write_last() {
  if (version_ < 11 || head_only_) co_return true;
  stream_.expires_after(server_.options.write_timeout);
  const auto [error, bytes] = co_await asio::async_write(stream_, http::make_chunk_last(), kToken);
  co_return !error;
}

// Notices a client that goes away while its answer is being made. A client that sends more
// meanwhile (its next request) is there, and is watched no further.
asio::awaitable<void> Session::watch(std::shared_ptr<Session> self,
                                     std::shared_ptr<Connection> connection) {
  tcp::socket& socket = self->stream_.socket();
  const auto [error] = co_await socket.async_wait(tcp::socket::wait_read, kToken);
  if (error == asio::error::operation_aborted) co_return;
  char byte = 0;
  const bool open = !error && ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  if (!open) connection->set_gone();
}

}  // namespace

// -- The server -------------------------------------------------------------------------------

void ServerState::listen() {
  const std::string where = fmt::format("{}:{}", options.host, options.port);
  try {
    tcp::resolver resolver(io);
    const auto found =
        resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
  } catch (const boost::system::system_error& error) {
    fail("cannot listen on {}: {}", printable(where), error.code().message());
  }
}

asio::awaitable<void> ServerState::accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kToken);
    if (error == asio::error::operation_aborted || stopping) co_return;
    if (error) {  // out of file descriptors, most likely: others will end
      asio::steady_timer pause(io, std::chrono::milliseconds(50));
      co_await pause.async_wait(kToken);
      continue;
    }
    beast::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto session = std::make_shared<Session>(*this, std::move(socket));
    asio::co_spawn(
        io, [session] { return session->run(); }, asio::detached);
  }
}

asio::awaitable<void> ServerState::wait_for_signals() {
  const auto [error, signal] = co_await signals.async_wait(kToken);
  if (error) co_return;
  stop();
  const auto [error_again, signal_again] = co_await signals.async_wait(kToken);
  if (!error_again) deadline.expires_at(std::chrono::steady_clock::time_point::min());
}

void ServerState::stop() {
  if (std::exchange(stopping, true)) return;
  beast::error_code ignored;
  acceptor.close(ignored);
  for (Session* session : sessions) session->close_if_idle();
  asio::co_spawn(io, wind_down(), asio::detached);
}

asio::awaitable<void> ServerState::wind_down() {
  const auto give_up = std::chrono::steady_clock::now() + options.grace;
  deadline.expires_at(give_up);
  const auto over = [this] { return deadline.expiry() <= std::chrono::steady_clock::now(); };
  asio::steady_timer tick(io);
  while (!sessions.empty() && !over()) {
    tick.expires_after(std::chrono::milliseconds(20));
    co_await tick.async_wait(kToken);
  }
  if (!sessions.empty()) on_cutoff();
  // What was told them still has to reach them.
  for (int i = 0; i < 100 && !sessions.empty(); ++i) {
    tick.expires_after(std::chrono::milliseconds(20));
    co_await tick.async_wait(kToken);
  }
  signals.cancel();
  io.stop();
}

HttpServer::HttpServer(ListenOptions options, Handler handler, std::function<void()> on_cutoff)
    : state_(std::make_unique<ServerState>(std::move(options), std::move(handler),
                                           std::move(on_cutoff))) {
  state_->listen();
}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return state_->acceptor.local_endpoint().port(); }

bool HttpServer::is_loopback() const {
  return state_->acceptor.local_endpoint().address().is_loopback();
}

void HttpServer::run() {
  // Each connection is a file descriptor, and the usual limit of 1024 is soon reached.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ServerState& state = *state_;
  state.signals.add(SIGINT);
  state.signals.add(SIGTERM);
  asio::co_spawn(state.io, state.accept(), asio::detached);
  asio::co_spawn(state.io, state.wait_for_signals(), asio::detached);
  state.io.run();
  state.workers.join();
}

void HttpServer::stop() {
  asio::post(state_->io, [this] { state_->stop(); });
}

}  // namespace frugal::server

#include "server/listener.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "server/session.h"
#include "server/tls.h"

namespace frugal::server {

namespace {

constexpr int kHandlerThreads = 16;  // most of them may wait for a model that is being loaded

// For what else is open: the database, cached blocks, models, connections that are being closed.
constexpr rlim_t kOtherFiles = 100;

// How many connections there may be. Each is a file descriptor; the usual limit of 1024 is only
// where the system begins.
std::size_t raise_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024 - kOtherFiles;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  require(limit.rlim_cur >= 2 * kOtherFiles,
          "only {} files may be open at a time (ulimit -Hn), and serving needs {}", limit.rlim_cur,
          2 * kOtherFiles);
  return limit.rlim_cur - kOtherFiles;
}

// Sent as it is: there is nothing to spare for one who cannot be served.
constexpr std::string_view kNoRoom =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Connection: close\r\nContent-Length: 112\r\n\r\n"
    R"({"error":{"message":"too many connections are open","type":"overloaded_error","param":null,"code":"overloaded"}})";

void start_plain_session(ServerState& server, tcp::socket socket) {
  begin_session<beast::tcp_stream>(server, std::move(socket));
}

}  // namespace

ServerState::ServerState(ListenOptions listen_options, Handler request_handler,
                         std::function<void()> cutoff)
    : options(std::move(listen_options)),
      handler(std::move(request_handler)),
      on_cutoff(std::move(cutoff)),
      start_session(options.tls_cert.empty() ? StartSession(start_plain_session)
                                             : tls_sessions(options.tls_cert, options.tls_key)),
      workers(kHandlerThreads) {}

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
    if (!make_room()) {
      if (options.tls_cert.empty()) {
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(kNoRoom), ignored);
      }
      socket.shutdown(tcp::socket::shutdown_both, ignored);
      continue;
    }
    socket.set_option(tcp::no_delay(true), ignored);
    start_session(*this, std::move(socket));
  }
}

// False when as many connections are open as may be, and on each something is under way. One that
// is idle makes way: its client will open another.
bool ServerState::make_room() {
  if (sessions.size() < most_sessions / 2) crowd.over();
  if (sessions.size() < most_sessions) return true;
  const bool has_made = std::any_of(sessions.begin(), sessions.end(),
                                    [](OpenSession* session) { return session->close_if_idle(); });
  if (!has_made) crowd.report(fmt::format("{} are open; ulimit -Hn says more", sessions.size()));
  return has_made;
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
  for (OpenSession* session : sessions) session->close_if_idle();
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
  state_->most_sessions = raise_limit();
  state_->listen();
}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return state_->acceptor.local_endpoint().port(); }

bool HttpServer::is_loopback() const {
  return state_->acceptor.local_endpoint().address().is_loopback();
}

void HttpServer::run() {
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

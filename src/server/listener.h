// Sockets: accepts connections and speaks HTTP/1.1 over them, with TLS if so wished.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/http.h"

namespace frugal::server {

struct ListenOptions {
  std::string host = "127.0.0.1";  // an address or a name
  std::uint16_t port = 8080;       // 0: any free one
  std::string tls_cert{};          // PEM files, as tls.h has them; empty: plain HTTP
  std::string tls_key{};
  std::uint64_t max_body = 32U << 20;
  /// For one whole request, so that a byte a second holds nothing for long.
  std::chrono::milliseconds read_timeout = std::chrono::seconds(30);
  /// For one piece of a response to be taken by the client.
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);
  /// Between requests.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);
  /// Silence after which Exchange::idle_text() is sent.
  std::chrono::milliseconds keep_alive = std::chrono::seconds(10);
  /// How long responses may go on after stop().
  std::chrono::milliseconds grace = std::chrono::seconds(20);
};

/// Called on one of several threads, which may take their time: parsing, a query, loading a model.
/// An answer that takes longer comes later, through the exchange.
using Handler = std::function<void(HttpRequest request, std::shared_ptr<Exchange> exchange)>;

struct ServerState;

/// One thread for the sockets, which never waits for a handler. Clients that are slow, silent or
/// break the protocol cost a connection and no more.
class HttpServer {
 public:
  /// Listens from here on. Throws Error when it cannot, naming the address, or the file that TLS
  /// cannot use. `on_cutoff` is called
  /// when the grace after stop() is over: it ends the responses that still run.
  HttpServer(ListenOptions options, Handler handler, std::function<void()> on_cutoff);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  /// Whether only this machine can reach it.
  bool is_loopback() const;

  /// Serves until stop() or SIGTERM or SIGINT, and until what was begun has ended. A second signal
  /// cuts off at once. Afterwards no handler runs, and exchanges that are left lead nowhere.
  void run();
  /// From any thread.
  void stop();

 private:
  std::unique_ptr<ServerState> state_;
};

}  // namespace frugal::server

// What the connections of a server share. For the files that speak over sockets.
#pragma once

#include <boost/asio.hpp>
#include <functional>
#include <set>

#include "server/listener.h"
#include "server/outage.h"

namespace frugal::server {

struct ServerState;

/// A connection, as the server sees it.
class OpenSession {
 public:
  virtual ~OpenSession() = default;
  /// When nothing is under way: nobody minds. Whether it was so.
  virtual bool close_if_idle() = 0;
};

/// Speaks with a client that has just connected, until either side ends it.
using StartSession = std::function<void(ServerState& server, boost::asio::ip::tcp::socket socket)>;

struct ServerState {
  ServerState(ListenOptions listen_options, Handler request_handler, std::function<void()> cutoff);

  void listen();
  boost::asio::awaitable<void> accept();
  bool make_room();
  boost::asio::awaitable<void> wait_for_signals();
  boost::asio::awaitable<void> wind_down();
  void stop();

  ListenOptions options;
  Handler handler;
  std::function<void()> on_cutoff;
  StartSession start_session;
  std::set<OpenSession*> sessions;  // the I/O thread's
  std::size_t most_sessions = 0;
  Outage crowd{"accepting connections"};
  boost::asio::io_context io{1};
  boost::asio::ip::tcp::acceptor acceptor{io};
  boost::asio::signal_set signals{io};
  boost::asio::steady_timer deadline{io};
  bool stopping = false;
  boost::asio::thread_pool workers;  // last: its threads end first
};

}  // namespace frugal::server

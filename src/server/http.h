// HTTP as the handlers see it: a request, and a way to answer it. No sockets here, so that handlers
// can be tested and fuzzed without any.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace frugal::server {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // as sent: "/v1/models?limit=3"
  Headers headers;
  std::string body;

  /// The target up to the query.
  std::string_view path() const;
  /// A parameter of the query, its escapes decoded; empty when it is not there.
  std::string query(std::string_view name) const;
  /// The first header of that name, letter case ignored; empty when it is not there.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
};

/// The way back to the client. All methods may be called from any thread and return at once; what
/// is sent to a client that has gone away is dropped.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// The whole response. When idle_text() has begun one, only the body still counts.
  virtual void send(HttpResponse response) = 0;
  /// Begins a response whose body follows by write() and ends with end().
  virtual void start(HttpResponse head) = 0;
  virtual void write(std::string text) = 0;
  virtual void end() = 0;

  /// Text to send whenever nothing else was sent for some seconds, so that nobody on the way takes
  /// the connection for dead. Before start() it begins a JSON response with status 200.
  virtual void idle_text(std::string text) = 0;

  /// Calls `callback` once if the client goes away before the end; now, if it has already.
  virtual void on_gone(std::function<void()> callback) = 0;
};

/// Decodes %41 and, in queries, plus signs. Broken escapes stay as they are.
std::string decode_url(std::string_view text, bool plus_is_space);

}  // namespace frugal::server

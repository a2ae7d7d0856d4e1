// HTTP requests, through libcurl.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"

namespace frugal::net {

/// A request that failed: no connection, a broken one, or an answer that is an error.
class HttpError : public Error {
 public:
  struct Cause {
    int status = 0;            // of the answer; 0 when none came
    bool transient = false;    // may go away by itself: worth another attempt
    bool unreachable = false;  // no connection was made at all
    std::chrono::seconds retry_after{0};
    std::string said{};  // how the body of an answer that is an error begins, as it came
  };
  HttpError(const std::string& message, Cause cause) : Error(message), cause_(std::move(cause)) {}
  const Cause& cause() const { return cause_; }

 private:
  Cause cause_;
};

/// The caller's own wish to stop (Ctrl-C), asked for through a `stopped` function.
class Interrupted : public Error {
 public:
  using Error::Error;
};

struct Request {
  std::string url;
  /// Bearer token. Sent to the scheme, host and port of `url` only: a redirect elsewhere, such as
  /// to a content network, goes without it.
  std::string token;
  std::uint64_t first_byte = 0;  // above 0: asks for the rest from here (Range)
  std::string if_range;          // with first_byte: only if the file still has this ETag
  /// A connection that gives less than 100 bytes a second for so long is taken for dead.
  std::chrono::seconds patience{60};
  /// Asked a few times a second while waiting; true ends the request with Interrupted.
  std::function<bool()> stopped = nullptr;
};

struct Answer {
  int status = 0;
  std::string url;  // the last one, after redirects
  /// By lower-case name. Of redirects passed on the way, X-Linked-* stay: the hub names a file's
  /// checksum (X-Linked-Etag) on the redirect to its content network only.
  std::map<std::string, std::string> headers;

  std::string said{};  // how the body begins, when the status is an error

  /// The value, or "" when absent.
  std::string header(const std::string& lower_case_name) const;
};

/// Where the body of an answer goes.
struct BodySink {
  /// Called once, before the first byte, with an answer of status 200, 206 or 416.
  std::function<void(const Answer&)> begin;
  std::function<void(std::span<const std::byte>)> data;
};

/// One GET without retries: follows at most 10 redirects, never from https to http. Throws
/// HttpError for any answer other than 200, 206 and 416; what the sink throws passes through.
Answer get(const Request& request, const BodySink& sink);

/// One POST of JSON without retries; returns the body of the answer. Follows no redirect. Throws
/// HttpError for any answer other than 200, Error for one longer than `max_bytes`.
std::string post_json(const Request& request, const std::string& json, std::size_t max_bytes);

/// How often to try again, and how long to wait in between: pauses double from the first to the
/// longest, and a server's Retry-After counts when it asks for more.
struct RetryPolicy {
  int attempts = 6;
  std::chrono::milliseconds first_pause{1000};
  std::chrono::milliseconds longest_pause{60'000};
  /// Hears of each failure before its pause; without it the log does.
  std::function<void(const HttpError& error, std::chrono::milliseconds pause)> tell = nullptr;
};

/// Calls `attempt` until it returns; throws its HttpError when that is not transient, or when
/// `policy.attempts` calls in a row failed. `attempt` returns whether it got nearer before it threw
/// through `progressed`, which starts the count again.
void with_retries(const RetryPolicy& policy, const std::function<bool()>& stopped,
                  const std::function<void(bool& progressed)>& attempt);

/// GET of a small text, with retries. Throws Error when it is longer than `max_bytes`.
std::string get_text(const Request& request, std::size_t max_bytes, const RetryPolicy& policy = {});

/// "https://host:port" of a URL, for messages and comparisons; throws Error unless http or https.
std::string origin_of(const std::string& url);

/// The URL without user, query and fragment, which may hold secrets: fit for messages.
std::string url_for_people(const std::string& url);

}  // namespace frugal::net

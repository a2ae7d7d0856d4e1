#include "net/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <ctime>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/progress.h"

namespace frugal::net {

namespace {

constexpr int kMaxRedirects = 10;
constexpr long kConnectSeconds = 20;
constexpr long kStallBytesPerSecond = 100;
constexpr std::size_t kMostSaid = 4096;  // bytes of the body of an error that are kept
// A server may ask for any pause; nobody waits longer than this.
constexpr std::chrono::seconds kLongestRetryAfter{300};

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(char* text) const { curl_free(text); }
};
using Curl = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;
using CurlUrl = std::unique_ptr<CURLU, CurlDeleter>;
using CurlText = std::unique_ptr<char, CurlDeleter>;

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  return CurlText(text).get();
}

CurlUrl parse_url(const std::string& text) {
  CurlUrl url(curl_url());
  require(url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK,
          "{}: not a URL", printable(text, 200));
  const std::string scheme = url_part(url.get(), CURLUPART_SCHEME);
  require(scheme == "http" || scheme == "https", "{}: only http and https are supported",
          printable(text, 200));
  return url;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

// One exchange with one server; redirects are the caller's business, so that it decides who gets
// the token, whatever the version of libcurl.
struct Exchange {
  const Request& request;
  const BodySink& sink;
  Answer& answer;
  const std::string* posted = nullptr;  // none: a GET
  bool began = false;
  std::exception_ptr error = nullptr;

  bool wanted() const {
    return answer.status == 200 || answer.status == 206 || answer.status == 416;
  }

  void begin_once() {
    if (began) return;
    began = true;
    sink.begin(answer);
  }

  // Runs `body` between C frames: an exception may not cross them, so it waits here.
  template <typename Body>
  bool guarded(Body&& body) {
    try {
      body();
      return true;
    } catch (...) {
      error = std::current_exception();
      return false;
    }
  }
};

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const bool ok = exchange.guarded([&] {
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) {
      const auto space = line.find(' ');
      int status = 0;
      if (space != std::string_view::npos) {
        std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
      }
      exchange.answer.status = status;
      return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    exchange.answer.headers[lower(std::string(line.substr(0, colon)))] =
        trimmed(line.substr(colon + 1));
  });
  return ok ? size : 0;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const bool ok = exchange.guarded([&] {
    if (!exchange.wanted()) {
      std::string& said = exchange.answer.said;
      said.append(data, std::min(size, kMostSaid - said.size()));
      return;
    }
    exchange.begin_once();
    exchange.sink.data({reinterpret_cast<const std::byte*>(data), size});
  });
  return ok ? size : 0;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.request.stopped && exchange.request.stopped()) {
    exchange.error = std::make_exception_ptr(Interrupted("interrupted"));
    return 1;
  }
  return 0;
}

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// Keeps SIGPIPE from a thread while it lives. libcurl's own way changes the whole process, which is
// no good where several threads exchange at once.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoBrokenPipe() {
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) continue;  // what came meanwhile
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
};

CurlList request_headers(const Exchange& exchange, bool send_token) {
  const Request& request = exchange.request;
  CurlList list;
  const auto add = [&](const std::string& line) {
    curl_slist* grown = curl_slist_append(list.get(), line.c_str());
    require(grown != nullptr, "out of memory");
    static_cast<void>(list.release());
    list.reset(grown);
  };
  if (send_token && !request.token.empty()) add("Authorization: Bearer " + request.token);
  if (exchange.posted != nullptr) add("Content-Type: application/json");
  if (request.first_byte > 0) {
    add(fmt::format("Range: bytes={}-", request.first_byte));
    if (!request.if_range.empty()) add("If-Range: " + request.if_range);
  }
  return list;
}

[[noreturn]] void fail_transfer(const std::string& url, CURLcode code, const char* detail) {
  HttpError::Cause cause;
  cause.unreachable = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
                      code == CURLE_COULDNT_CONNECT;
  cause.transient =
      cause.unreachable || code == CURLE_OPERATION_TIMEDOUT || code == CURLE_RECV_ERROR ||
      code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
      code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM || code == CURLE_SSL_CONNECT_ERROR;
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
  throw HttpError(fmt::format("{}: {}", url_for_people(url), why), cause);
}

[[noreturn]] void fail_status(const std::string& url, const Answer& answer) {
  HttpError::Cause cause;
  cause.status = answer.status;
  cause.transient = answer.status == 408 || answer.status == 429 || answer.status >= 500;
  const std::string pause = answer.header("retry-after");  // seconds; a date is not heeded
  std::int64_t seconds = 0;
  std::from_chars(pause.data(), pause.data() + pause.size(), seconds);
  cause.retry_after =
      std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kLongestRetryAfter);
  cause.said = answer.said;
  throw HttpError(
      fmt::format("{}: the server answered with status {}", url_for_people(url), answer.status),
      cause);
}

// Fills the answer from `url`; the body goes to the sink when the status is one that is wanted.
void exchange_once(const std::string& url, bool send_token, Exchange exchange) {
  initialise_curl();
  const NoBrokenPipe no_broken_pipe;
  const Curl curl(curl_easy_init());
  require(curl != nullptr, "libcurl could not be started");
  char detail[CURL_ERROR_SIZE] = "";
  const CurlList headers = request_headers(exchange, send_token);
  const auto set = [&](CURLoption option, auto value) {
    const CURLcode code = curl_easy_setopt(curl.get(), option, value);
    require(code == CURLE_OK, "libcurl: {}", curl_easy_strerror(code));
  };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_USERAGENT, "frugal");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(exchange.request.patience.count()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &exchange);
  if (exchange.posted != nullptr) {
    set(CURLOPT_POSTFIELDS, exchange.posted->data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange.posted->size()));
  }
  exchange.answer.status = 0;
  exchange.answer.url = url;
  exchange.answer.said.clear();
  const CURLcode code = curl_easy_perform(curl.get());
  if (exchange.error) std::rethrow_exception(exchange.error);
  if (code != CURLE_OK) fail_transfer(url, code, detail);
  if (exchange.wanted()) exchange.begin_once();
}

std::string resolve_redirect(const std::string& from, const std::string& location) {
  require(!location.empty(), "{}: a redirect that names no place", url_for_people(from));
  const CurlUrl url = parse_url(from);
  require(curl_url_set(url.get(), CURLUPART_URL, location.c_str(), 0) == CURLUE_OK,
          "{}: redirected to {}, which is not a URL", url_for_people(from), printable(location));
  std::string to = url_part(url.get(), CURLUPART_URL);
  parse_url(to);  // http or https
  require(!(from.starts_with("https:") && to.starts_with("http:")),
          "{}: redirected from https to http, which is not followed", url_for_people(from));
  return to;
}

// Collects a body of at most `max_bytes` in `text`.
BodySink text_sink(const std::string& url, std::size_t max_bytes, std::string& text) {
  return {.begin = [](const Answer&) {},
          .data =
              [&url, max_bytes, &text](std::span<const std::byte> bytes) {
                require(bytes.size() <= max_bytes - text.size(), "{}: the answer is longer than {}",
                        url_for_people(url), human_bytes(max_bytes));
                text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
              }};
}

// Sleeps in short steps, so that Ctrl-C is heard.
void pause_for(std::chrono::milliseconds pause, const std::function<bool()>& stopped) {
  const auto end = std::chrono::steady_clock::now() + pause;
  while (std::chrono::steady_clock::now() < end) {
    if (stopped && stopped()) throw Interrupted("interrupted");
    std::this_thread::sleep_for(std::min(pause, std::chrono::milliseconds(50)));
  }
}

}  // namespace

std::string Answer::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

Answer get(const Request& request, const BodySink& sink) {
  Answer answer;
  std::string url = request.url;
  const std::string origin = origin_of(url);
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    std::erase_if(answer.headers,
                  [](const auto& header) { return !header.first.starts_with("x-linked-"); });
    exchange_once(url, origin_of(url) == origin, {request, sink, answer});
    switch (answer.status) {
      case 200:
      case 206:
      case 416:
        return answer;
      case 301:
      case 302:
      case 303:
      case 307:
      case 308:
        url = resolve_redirect(url, answer.header("location"));
        break;
      default:
        fail_status(url, answer);
    }
  }
  fail("{}: more than {} redirects", url_for_people(request.url), kMaxRedirects);
}

std::string post_json(const Request& request, const std::string& json, std::size_t max_bytes) {
  std::string text;
  Answer answer;
  parse_url(request.url);  // http or https
  exchange_once(request.url, true,
                {request, text_sink(request.url, max_bytes, text), answer, &json});
  if (answer.status != 200) fail_status(request.url, answer);
  return text;
}

void with_retries(const RetryPolicy& policy, const std::function<bool()>& stopped,
                  const std::function<void(bool& progressed)>& attempt) {
  for (int failures = 0;;) {
    bool progressed = false;
    try {
      attempt(progressed);
      return;
    } catch (const HttpError& error) {
      failures = progressed ? 1 : failures + 1;
      if (!error.cause().transient || failures >= policy.attempts) throw;
      const auto doubled = policy.first_pause * (std::int64_t{1} << std::min(failures - 1, 20));
      const auto pause = std::max<std::chrono::milliseconds>(
          std::min<std::chrono::milliseconds>(doubled, policy.longest_pause),
          error.cause().retry_after);
      if (policy.tell) {
        policy.tell(error, pause);
      } else {
        log_warning("{}; trying again in {}", error.what(),
                    human_seconds(std::chrono::duration<double>(pause).count()));
      }
      pause_for(pause, stopped);
    }
  }
}

std::string get_text(const Request& request, std::size_t max_bytes, const RetryPolicy& policy) {
  std::string text;
  with_retries(policy, request.stopped, [&](bool&) {
    text.clear();
    get(request, text_sink(request.url, max_bytes, text));
  });
  return text;
}

std::string origin_of(const std::string& url) {
  const CurlUrl parsed = parse_url(url);
  return lower(fmt::format("{}://{}:{}", url_part(parsed.get(), CURLUPART_SCHEME),
                           url_part(parsed.get(), CURLUPART_HOST),
                           url_part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)));
}

std::string url_for_people(const std::string& url) {
  const CurlUrl parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return "a malformed URL";
  }
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    curl_url_set(parsed.get(), part, nullptr, 0);
  }
  return printable(url_part(parsed.get(), CURLUPART_URL), 200);
}

}  // namespace frugal::net

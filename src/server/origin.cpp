#include "server/origin.h"

#include <algorithm>

#include "server/api_error.h"

namespace frugal::server {

namespace {

// "localhost:8080" and "[::1]:8080" without the port.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

void check_origin(const HttpRequest& request) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return;  // no browser, or a page that the person opened
  const auto scheme = origin.find("://");
  const std::string_view host =
      scheme == std::string_view::npos ? std::string_view{} : origin.substr(scheme + 3);
  if (host != request.header("Host")) {
    throw ApiError(403, fmt::format("pages of {} may not use this server", printable(origin)));
  }
}

bool is_local_host(const HttpRequest& request) {
  const std::string_view host = without_port(request.header("Host"));
  return host.empty() || host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && std::all_of(host.begin(), host.end(), [](char c) {
            return c == '.' || (c >= '0' && c <= '9');
          }));
}

}  // namespace frugal::server

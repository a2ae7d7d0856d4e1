#include "server/api_error.h"

#include "server/wire.h"

namespace frugal::server {

const char* ApiError::type() const {
  switch (status_) {
    case 401:
      return "authentication_error";
    case 402:
      return "insufficient_balance_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 500:
      return "server_error";
    case 503:
      return "overloaded_error";
    default:
      return "invalid_request_error";
  }
}

std::string error_body(const ApiError& error) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return to_wire({{"error",
                   {{"message", error.what()},
                    {"type", error.type()},
                    {"param", or_null(error.param())},
                    {"code", or_null(error.code())}}}});
}

HttpResponse error_response(const ApiError& error) {
  HttpResponse response{error.status(), "application/json", error_body(error), {}};
  if (error.status() == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (error.status() == 429 || error.status() == 503) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

}  // namespace frugal::server

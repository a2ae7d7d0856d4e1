// Errors as the API reports them.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"
#include "server/http.h"

namespace frugal::server {

/// A refusal with its HTTP status, one of those that DeepSeek documents: 400 bad format, 401 key,
/// 402 balance, 422 parameters, 429 rate, 500, 503 overloaded; and 403, 404, 405, 413 as HTTP has
/// them.
class ApiError : public Error {
 public:
  ApiError(int status, const std::string& message, std::string param = {}, std::string code = {})
      : Error(message), status_(status), param_(std::move(param)), code_(std::move(code)) {}

  int status() const { return status_; }
  /// The request's field that was at fault; empty: none in particular.
  const std::string& param() const { return param_; }
  /// A word for programs, such as "model_not_found"; empty: none.
  const std::string& code() const { return code_; }
  /// The kind of error that belongs to the status, such as "authentication_error".
  const char* type() const;

 private:
  int status_;
  std::string param_;
  std::string code_;
};

/// {"error": {message, type, param, code}}
std::string error_body(const ApiError& error);
HttpResponse error_response(const ApiError& error);

}  // namespace frugal::server

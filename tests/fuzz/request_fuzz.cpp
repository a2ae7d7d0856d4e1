// Bodies of requests: refused with an ApiError, or read.
#include <cstdint>
#include <string>

#include "server/anthropic.h"
#include "server/requests.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace frugal::server;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto attempt = [&](auto parse) {
    try {
      parse(body);
    } catch (const ApiError&) {  // anything else is a fault
    }
  };
  attempt([](const std::string& text) { parse_chat_completion(text); });
  attempt([](const std::string& text) { parse_text_completion(text); });
  attempt([](const std::string& text) { parse_anthropic(text); });
  HttpRequest request;
  request.target = body;
  request.query("days");
  decode_url(body, true);
  return 0;
}

#include "server/wire.h"

#include <fmt/core.h>
#include <chrono>

#include <random>

namespace frugal::server {

std::string to_wire(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_event(const Json& json, std::string_view name) {
  const std::string data = fmt::format("data: {}\n\n", to_wire(json));
  return name.empty() ? data : fmt::format("event: {}\n{}", name, data);
}

std::int64_t unix_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::string new_id(std::string_view prefix) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> pick(0, kLetters.size() - 1);
  std::string id(prefix);
  for (int i = 0; i < 24; ++i) id += kLetters[pick(random)];
  return id;
}

}  // namespace frugal::server

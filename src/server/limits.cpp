#include "server/limits.h"

#include <algorithm>

#include "server/api_error.h"

namespace frugal::server {

KeyLimits::Ticket KeyLimits::enter(const Key& key, Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  const auto [place, is_new] = uses_.try_emplace(key.name);
  Use& use = place->second;
  if (key.concurrent > 0 && use.running >= key.concurrent) {
    throw ApiError(429,
                   fmt::format("this key may have {} requests at a time, and has", key.concurrent),
                   {}, "concurrency_limit_exceeded");
  }
  if (key.requests_per_minute > 0) {
    const auto limit = static_cast<double>(key.requests_per_minute);
    const double minutes = std::chrono::duration<double>(now - use.filled).count() / 60;
    use.allowance = is_new ? limit : std::min(limit, use.allowance + minutes * limit);
    use.filled = now;
    if (use.allowance < 1) {
      throw ApiError(
          429, fmt::format("this key may ask {} times a minute, and has", key.requests_per_minute),
          {}, "rate_limit_exceeded");
    }
    use.allowance -= 1;
  }
  ++use.running;
  return {nullptr, [this, name = key.name](void*) {
            const std::scoped_lock relock(mutex_);
            --uses_[name].running;
          }};
}

}  // namespace frugal::server

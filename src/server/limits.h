// How much each key may ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/store.h"

namespace frugal::server {

/// Requests per minute (as a bucket that fills evenly, so that a minute's worth may come at once)
/// and requests at a time. Safe to use from several threads.
class KeyLimits {
 public:
  using Clock = std::chrono::steady_clock;

  /// Counts as one request at a time while it lives.
  using Ticket = std::shared_ptr<void>;

  /// Throws ApiError 429 when the key has asked too much.
  Ticket enter(const Key& key, Clock::time_point now = Clock::now());

 private:
  struct Use {
    double allowance = 0;  // requests that may come now
    Clock::time_point filled{};
    std::int64_t running = 0;
  };

  std::mutex mutex_;
  std::map<std::string, Use> uses_;  // by key name. Guarded
};

}  // namespace frugal::server

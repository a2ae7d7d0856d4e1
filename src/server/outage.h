// Faults that every request runs into.
#pragma once

#include <atomic>
#include <string>

#include "base/log.h"

namespace frugal::server {

/// Logs such a fault once when it begins, and once when it is over. Safe to use from several
/// threads.
class Outage {
 public:
  /// `what` does not work: "the database".
  explicit Outage(const char* what) : what_(what) {}

  void report(const std::string& why) {
    if (!ongoing_.exchange(true)) log_warning("{} fails, and so do requests: {}", what_, why);
  }
  void over() {
    if (ongoing_.load() && ongoing_.exchange(false)) log_info("{} works again", what_);
  }

 private:
  const char* what_;
  std::atomic<bool> ongoing_ = false;
};

}  // namespace frugal::server

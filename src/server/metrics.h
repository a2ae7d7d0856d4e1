// Counters for Prometheus.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "server/generation.h"
#include "server/store.h"

namespace frugal::server {

/// Safe to use from several threads.
class Metrics {
 public:
  void count_refusal(int status);
  void count_generation(const LedgerEntry& entry, const Usage& usage);

  /// In Prometheus' text format; `models` adds what waits and runs now.
  std::string text(const std::vector<ModelRegistry::Entry>& models) const;

 private:
  static constexpr std::array kSeconds = {0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0};
  struct Model {
    std::map<std::string, std::int64_t> requests;  // by status
    cost::ServedTokens tokens;
    std::int64_t reasoning = 0;
    Nanodollars income = 0;
    std::array<std::int64_t, kSeconds.size()> first_token{};  // at most so many seconds
    std::int64_t count = 0;
    double sum = 0;  // of seconds
  };

  mutable std::mutex mutex_;
  std::map<std::string, Model> models_;   // guarded, as is:
  std::map<int, std::int64_t> refusals_;  // by status
};

}  // namespace frugal::server

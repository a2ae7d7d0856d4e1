// Ctrl-C as a question that running work asks, not as the end of the program.
#pragma once

#include <csignal>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/error.h"

namespace frugal::cli {

/// The person stopped the program; what there was to say has been said.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// While one lives, the signals set a flag, and system calls that wait return EINTR. One at a time.
class InterruptWatch {
 public:
  explicit InterruptWatch(std::initializer_list<int> signals = {SIGINT});
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  /// Whether one came since the start or the last reset().
  bool interrupted() const;
  void reset();

 private:
  std::vector<std::pair<int, struct sigaction>> old_;  // what each signal did before
};

}  // namespace frugal::cli

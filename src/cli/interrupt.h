// Ctrl-C as a question that running work asks, not as the end of the program.
#pragma once

#include <csignal>

#include "base/error.h"

namespace frugal::cli {

/// The person stopped the program; what there was to say has been said.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// While one lives, SIGINT sets a flag, and system calls that wait return EINTR. One at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  /// Whether Ctrl-C was pressed since the start or the last reset().
  bool interrupted() const;
  void reset();

 private:
  struct sigaction old_ {};
};

}  // namespace frugal::cli

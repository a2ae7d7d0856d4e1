// A disk that is full, and what is said of it.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <string>

#include "base/error.h"

namespace frugal::server::testing {

/// While it lives no write of this process to a file succeeds: the limit on their size is zero.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    require(::getrlimit(RLIMIT_FSIZE, &before_) == 0, "getrlimit failed");
    const rlimit none{0, before_.rlim_max};
    require(::setrlimit(RLIMIT_FSIZE, &none) == 0, "setrlimit failed");
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

/// Takes what the process says on standard error, by a pipe: GoogleTest would want a file for it.
class CapturedStderr {
 public:
  CapturedStderr() : before_(::dup(STDERR_FILENO)) {
    require(::pipe(ends_.data()) == 0 && ::dup2(ends_[1], STDERR_FILENO) >= 0, "no pipe");
    ::close(ends_[1]);
  }
  ~CapturedStderr() { finish(); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  /// All of it; from now on standard error is what it was.
  std::string finish() {
    if (before_ < 0) return "";
    std::fflush(stderr);
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    before_ = -1;
    std::string text;
    std::array<char, 4096> part;
    for (ssize_t n = 0; (n = ::read(ends_[0], part.data(), part.size())) > 0;) {
      text.append(part.data(), static_cast<std::size_t>(n));
    }
    ::close(ends_[0]);
    return text;
  }

 private:
  int before_;
  std::array<int, 2> ends_{};
};

inline int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace frugal::server::testing

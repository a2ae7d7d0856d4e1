// The one exception that frugal throws for anything a person can act on.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace frugal {

/// What happened, where, and what to do about it, in one message for people.
/// The command line prints it after "frugal: " and exits with code 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws an Error with a formatted message.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws an Error unless `condition` holds. Unlike assert, this survives NDEBUG.
template <typename... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) [[unlikely]] {
    throw Error(fmt::format(format, std::forward<Args>(args)...));
  }
}

/// The text of errno for a failed system call, such as "No such file or directory".
std::string errno_text(int error_number);

/// Text from a file, made fit for a message: control characters and bad UTF-8 escaped, and cut to
/// `limit` bytes, since names in a hostile file may be anything.
std::string printable(std::string_view text, std::size_t limit = 100);

}  // namespace frugal

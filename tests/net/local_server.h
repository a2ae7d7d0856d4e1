// Runs tests/net/server.py for the life of a test.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/json.h"

namespace frugal::net {

class LocalServer {
 public:
  /// Serves files of `folder` as server.py says.
  explicit LocalServer(const std::filesystem::path& folder);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  /// "" when it runs, or the reason why it could not be started.
  const std::string& fault() const { return fault_; }
  std::string origin() const { return "http://127.0.0.1:" + port_; }
  std::string url(const std::string& path) const { return origin() + path; }
  /// The requests so far: [{path, host, range, if_range, authorization}].
  Json log() const;

 private:
  std::string port_;
  std::string fault_;
  pid_t pid_ = -1;
  int to_child_ = -1;
};

}  // namespace frugal::net

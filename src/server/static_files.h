// The chat page's files.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "server/http.h"

namespace frugal::server {

/// All files of a folder, read when made: nothing that a client sends becomes a path. Without the
/// folder "/" says how to get the page.
class StaticFiles {
 public:
  explicit StaticFiles(const std::filesystem::path& folder);

  /// The response for a path such as "/assets/index.js" ("/" is index.html), or null. Pages may
  /// load only what comes from this server, and run no inline scripts.
  const HttpResponse* find(const std::string& path) const;

 private:
  std::map<std::string, HttpResponse> files_;
};

}  // namespace frugal::server

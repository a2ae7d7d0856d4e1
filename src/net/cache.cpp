#include "net/cache.h"

#include <cstdlib>

#include "base/error.h"
#include "net/catalog.h"
#include "net/hub.h"

namespace frugal::net {

namespace fs = std::filesystem;

fs::path cache_folder() {
  // The XDG base directory specification: relative paths are to be ignored.
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && fs::path(cache).is_absolute()) return fs::path(cache) / "frugal";
  const char* home = std::getenv("HOME");
  require(home != nullptr && *home != '\0',
          "where to keep models? Set HOME, or XDG_CACHE_HOME to a folder");
  return fs::path(home) / ".cache" / "frugal";
}

ModelName parse_model_name(const std::string& text) {
  if (const KnownModel* known = find_known_model(text)) {
    return {std::string(known->repository), ""};
  }
  if (is_repository_id(text)) return {text, ""};
  const auto owner_end = text.find('/');
  if (owner_end == std::string::npos) return {};
  const auto name_end = text.find('/', owner_end + 1);
  if (name_end == std::string::npos || !text.ends_with(".gguf")) return {};
  ModelName name{text.substr(0, name_end), text.substr(name_end + 1)};
  return is_repository_id(name.repository) && is_plain_path(name.gguf) ? name : ModelName{};
}

fs::path cached_path(const ModelName& name) {
  if (name.gguf.empty()) return cache_folder() / "models" / name.repository;
  return cache_folder() / "gguf" / name.repository / name.gguf;
}

}  // namespace frugal::net

#include "support/data.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "base/error.h"

namespace frugal::testing {

namespace fs = std::filesystem;

namespace {

std::optional<fs::path> existing(const fs::path& path) {
  if (fs::exists(path)) return path;
  return std::nullopt;
}

fs::path environment_or(const char* variable, const fs::path& otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? fs::path(value) : otherwise;
}

}  // namespace

fs::path source_folder() { return FRUGAL_SOURCE_DIR; }

fs::path golden(const std::string& name) { return source_folder() / "tests" / "golden" / name; }

std::optional<fs::path> fetched(const std::string& name) {
  return existing(environment_or("FRUGAL_FETCHED", fs::path(FRUGAL_SOURCE_DIR) / "build-data") /
                  name);
}

std::optional<fs::path> shared_data(const std::string& name) {
  return existing(
      environment_or("FRUGAL_DATA", fs::path(FRUGAL_SOURCE_DIR) / ".." / "shared" / "data") / name);
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "frugal-test-XXXXXX").string();
  const bool made = ::mkdtemp(pattern.data()) != nullptr;
  require(made, "cannot make a temporary folder: {}", errno_text(errno));
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_file(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(file.good(), "cannot write {}", path.string());
}

}  // namespace frugal::testing

// Where tests find files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace frugal::testing {

/// The repository itself.
std::filesystem::path source_folder();

/// tests/golden/NAME in the repository.
std::filesystem::path golden(const std::string& name);

/// A file that tools/fetch_test_data.sh puts under build-data/ (models, tokenizers, templates), or
/// nothing when it was not fetched.
std::optional<std::filesystem::path> fetched(const std::string& name);

/// A file of the folder named by FRUGAL_DATA, by default ../shared/data beside the checkout, or
/// nothing.
std::optional<std::filesystem::path> shared_data(const std::string& name);

/// A new empty folder, removed with everything in it at the end of its scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Writes `bytes` to `path`.
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace frugal::testing

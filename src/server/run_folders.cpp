#include "server/run_folders.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include "base/error.h"
#include "server/wire.h"

namespace frugal::server {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMetrics = "metrics.jsonl";
constexpr int kDepth = 2;
constexpr std::int64_t kMaxLines = 20000;

std::int64_t modified(const fs::path& path) {
  std::error_code error;
  const auto time = std::chrono::file_clock::to_sys(fs::last_write_time(path, error));
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::int64_t count_lines(const fs::path& path) {
  std::ifstream file(path);
  return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
}

// Whether an id is one that list_runs gives: nothing above the folder, and nothing too deep in it.
bool is_run(const fs::path& folder, const std::string& id) {
  const fs::path path(id);
  return !id.empty() && path.is_relative() && path.lexically_normal().generic_string() == id &&
         *path.begin() != ".." && *path.begin() != "." &&
         std::distance(path.begin(), path.end()) <= kDepth && fs::exists(folder / path / kMetrics);
}

}  // namespace

std::vector<RunSummary> list_runs(const fs::path& folder) {
  std::vector<RunSummary> runs;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at.depth() >= kDepth) at.disable_recursion_pending();
    if (at->path().filename() != kMetrics || at.depth() == 0) continue;
    runs.push_back({.id = at->path().parent_path().lexically_relative(folder).generic_string(),
                    .updated = modified(at->path()),
                    .lines = count_lines(at->path())});
  }
  std::sort(runs.begin(), runs.end(),
            [](const RunSummary& a, const RunSummary& b) { return a.updated > b.updated; });
  return runs;
}

std::optional<Json> read_run(const fs::path& folder, const std::string& id, std::int64_t from) {
  if (!is_run(folder, id)) return std::nullopt;
  std::ifstream file(folder / id / kMetrics);
  Json lines = Json::array();
  std::int64_t number = 0;
  for (std::string line; std::ssize(lines) < kMaxLines && std::getline(file, line);) {
    if (file.eof()) break;  // no line end yet
    if (number++ < from) continue;
    try {
      lines.push_back(parse_json(line, kMetrics));
    } catch (const Error&) {
      lines.push_back(nullptr);  // keeps the count
    }
  }
  return Json{{"id", id}, {"lines", std::move(lines)}, {"next", std::max(number, from)}};
}

}  // namespace frugal::server

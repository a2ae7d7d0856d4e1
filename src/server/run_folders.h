// Training runs, as the page shows them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace frugal::server {

struct RunSummary {
  std::string id{};  // the folder's path below the folder that is searched
  std::int64_t updated = 0;
  std::int64_t lines = 0;
};

/// The folders with a metrics.jsonl that lie in `folder`, at most two levels deep; the latest
/// first.
std::vector<RunSummary> list_runs(const std::filesystem::path& folder);

/// {"id", "lines": objects of metrics.jsonl from line `from` on, "next"}; nothing when list_runs()
/// does not show the id. A line that is being written is left for the next time. At most 20,000
/// lines at once.
std::optional<Json> read_run(const std::filesystem::path& folder, const std::string& id,
                             std::int64_t from);

}  // namespace frugal::server

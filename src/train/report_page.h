// A run, or several beside each other, drawn on one HTML page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace frugal::train {

/// Loss, validation loss, balance, speed and learning rate of each folder's metrics.jsonl, with a
/// table of results and the bill. The page needs no other file and no network, and a run may be in
/// progress. Throws Error naming the folder that holds no metrics, or file and line of what is
/// none.
std::string report_page(const std::vector<std::filesystem::path>& folders);

}  // namespace frugal::train

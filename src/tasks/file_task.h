// Questions from a file, as published sets come.
#pragma once

#include <filesystem>
#include <memory>

#include "tasks/task.h"

namespace frugal::tasks {

/// See open_task(). A reference answer is, in this order: what follows "####" (GSM8K), the last
/// \boxed{} (MATH's solutions), or the whole field. Questions that do not say so themselves end
/// with R1's request to reason step by step and box the answer. The language is Chinese or Arabic
/// where the question is mostly written so.
std::unique_ptr<Task> open_file_task(const std::filesystem::path& path);

}  // namespace frugal::tasks

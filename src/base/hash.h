// A hash of text that is the same on every machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace frugal {

/// FNV-1a, 64 bits; another `start` gives another function.
inline std::uint64_t fnv1a(std::string_view text, std::uint64_t start = 0xCBF29CE484222325ULL) {
  std::uint64_t hash = start;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

}  // namespace frugal

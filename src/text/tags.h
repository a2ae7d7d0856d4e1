// Tags within text that comes in pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace frugal::text {

/// Bytes at the end of `text` that may be the beginning of `tag`, which is not empty.
inline std::size_t possible_beginning(std::string_view text, std::string_view tag) {
  for (std::size_t length = std::min(text.size(), tag.size() - 1); length > 0; --length) {
    if (tag.starts_with(text.substr(text.size() - length))) return length;
  }
  return 0;
}

}  // namespace frugal::text

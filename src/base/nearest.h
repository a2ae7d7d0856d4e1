// "Did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace frugal {

/// The first candidate that starts with `text`, or else the one that takes the fewest
/// single-character edits from `text` (insert, delete, replace, swap of neighbours); "" when all
/// are too far away to be what was meant.
std::string nearest(std::string_view text, std::span<const std::string> candidates);

}  // namespace frugal

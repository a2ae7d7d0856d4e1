// Guesses at what comes next, out of what was there before: prompt lookup decoding (Saxena 2023).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace frugal::engine {

/// `most` tokens that may come next: those that followed the latest earlier place where the last
/// few of `tokens` stood, the last three or else the last two. Empty when there is no such place.
std::vector<std::int32_t> look_up(std::span<const std::int32_t> tokens, std::int64_t most);

}  // namespace frugal::engine

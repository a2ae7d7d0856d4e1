#include "engine/prompt_lookup.h"

#include <algorithm>

namespace frugal::engine {

namespace {

// Longer ends say more surely what follows; one token says next to nothing.
constexpr std::size_t kLongest = 3;
constexpr std::size_t kShortest = 2;

}  // namespace

std::vector<std::int32_t> look_up(std::span<const std::int32_t> tokens, std::int64_t most) {
  for (std::size_t length = kLongest; length >= kShortest; --length) {
    if (tokens.size() <= length) continue;
    const auto end = tokens.last(length);
    const auto before = tokens.first(tokens.size() - 1);
    const auto found = std::find_end(before.begin(), before.end(), end.begin(), end.end());
    if (found == before.end()) continue;
    const auto begin = static_cast<std::size_t>(found - before.begin()) + length;
    std::vector<std::int32_t> draft;
    for (std::size_t at = begin; std::ssize(draft) < most; ++at) {
      // Where the text ends, the draft itself goes on: what repeats, repeats again.
      draft.push_back(at < tokens.size() ? tokens[at] : draft[at - tokens.size()]);
    }
    return draft;
  }
  return {};
}

}  // namespace frugal::engine

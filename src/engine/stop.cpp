#include "engine/stop.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace frugal::engine {

void StopMatcher::Pattern::advance(char byte) {
  while (matched > 0 && text[matched] != byte) matched = borders[matched - 1];
  if (text[matched] == byte) ++matched;
}

StopMatcher::StopMatcher(std::vector<std::string> stops) {
  for (std::string& stop : stops) {
    require(!stop.empty(), "a stop string is empty");
    Pattern pattern{std::move(stop), {0}};
    // The borders of a string are what it matches of itself, from its second byte on.
    for (std::size_t i = 1; i < pattern.text.size(); ++i) {
      pattern.advance(pattern.text[i]);
      pattern.borders.push_back(pattern.matched);
    }
    pattern.matched = 0;
    patterns_.push_back(std::move(pattern));
  }
}

std::string StopMatcher::feed(std::string_view piece) {
  if (found_) return {};
  for (const char byte : piece) {
    held_ += byte;
    const Pattern* complete = nullptr;
    for (Pattern& pattern : patterns_) {
      pattern.advance(byte);
      if (pattern.matched == pattern.text.size() &&
          (complete == nullptr || pattern.text.size() > complete->text.size())) {
        complete = &pattern;
      }
    }
    if (complete != nullptr) {
      found_ = complete->text;
      held_.resize(held_.size() - complete->text.size());
      return std::exchange(held_, {});
    }
  }
  std::size_t hold = 0;
  for (const Pattern& pattern : patterns_) hold = std::max(hold, pattern.matched);
  std::string ready = held_.substr(0, held_.size() - hold);
  held_.erase(0, ready.size());
  return ready;
}

std::string StopMatcher::flush() {
  for (Pattern& pattern : patterns_) pattern.matched = 0;
  return std::exchange(held_, {});
}

}  // namespace frugal::engine

#include "text/thinking.h"

#include <utility>

#include "text/tags.h"

namespace frugal::text {

namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kBlank = " \t\r\n";

std::string_view without_blanks_before(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

}  // namespace

ThinkingSplitter::ThinkingSplitter(std::string_view prompt) {
  const auto last = prompt.find_last_not_of(kBlank);
  if (last != std::string_view::npos && prompt.substr(0, last + 1).ends_with(kOpen)) {
    state_ = State::thinking;
  }
}

// Each step consumes from kept_ and may change the state; false when more text is needed.
bool ThinkingSplitter::step_start(bool at_end) {
  const std::string_view text = without_blanks_before(kept_);
  if (text.starts_with(kOpen)) {
    kept_ = std::string(text.substr(kOpen.size()));
    state_ = State::thinking;
    return true;
  }
  if (kOpen.starts_with(text) && !at_end) return false;  // blanks only, or part of the tag
  state_ = State::answer;
  return true;
}

bool ThinkingSplitter::step_thinking(std::vector<OutputPart>& parts, bool at_end) {
  const auto end = kept_.find(kClose);
  if (end != std::string::npos) {
    if (end > 0) parts.push_back({true, kept_.substr(0, end)});
    kept_.erase(0, end + kClose.size());
    state_ = State::answer_start;
    return true;
  }
  const std::size_t keep = at_end ? 0 : possible_beginning(kept_, kClose);
  const std::size_t certain = kept_.size() - keep;
  if (certain > 0) parts.push_back({true, kept_.substr(0, certain)});
  kept_.erase(0, certain);
  return false;
}

void ThinkingSplitter::step(std::vector<OutputPart>& parts, bool at_end) {
  if (state_ == State::start && !step_start(at_end)) return;
  if (state_ == State::thinking && !step_thinking(parts, at_end)) return;
  if (state_ == State::answer_start) {  // the blank lines behind </think> belong to the tag
    kept_ = std::string(without_blanks_before(kept_));
    if (kept_.empty()) return;
    state_ = State::answer;
  }
  if (!kept_.empty()) parts.push_back({false, std::exchange(kept_, {})});
}

std::vector<OutputPart> ThinkingSplitter::feed(std::string_view text) {
  kept_ += text;
  std::vector<OutputPart> parts;
  step(parts, false);
  return parts;
}

std::vector<OutputPart> ThinkingSplitter::finish() {
  std::vector<OutputPart> parts;
  step(parts, true);
  return parts;
}

}  // namespace frugal::text

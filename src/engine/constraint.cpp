#include "engine/constraint.h"

#include <algorithm>
#include <limits>

namespace frugal::engine {

namespace {

constexpr std::uint16_t kMaxBlank = 4;  // white space before an answer: a blank line, no more
constexpr const char* kCloseThinking = "</think>";

bool is_blank(unsigned char byte) { return byte == ' ' || byte == '\n' || byte == '\t'; }

}  // namespace

SortedVocabulary::SortedVocabulary(std::int64_t size,
                                   const std::function<std::string(std::int32_t token)>& bytes_of) {
  for (std::int64_t token = 0; token < size; ++token) {
    bytes_.push_back(bytes_of(static_cast<std::int32_t>(token)));
    if (bytes_.back().empty()) continue;
    entries_.push_back({bytes_.back(), static_cast<std::int32_t>(token), 0});
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.bytes < b.bytes; });
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const std::string& a = entries_[i - 1].bytes;
    const std::string& b = entries_[i].bytes;
    entries_[i].shared = static_cast<std::size_t>(
        std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  }
}

TokenConstraint::TokenConstraint(std::shared_ptr<text::GrammarMachine> machine,
                                 ConstraintOptions options)
    : machine_(std::move(machine)),
      options_(std::move(options)),
      close_(options_.free_until.empty() ? kCloseThinking : options_.free_until) {
  if (!options_.free_until.empty()) {
    place_.phase = Phase::thinking;
  } else if (options_.may_open.empty()) {
    place_ = after_thinking();
  }
}

TokenConstraint::Place TokenConstraint::after_thinking() const {
  if (options_.trigger.empty()) return {Phase::blank, 0, machine_->start()};
  return {Phase::free, 0, text::GrammarMachine::kDead};
}

// How much of `text` ends the input now, by trying shorter beginnings: tags are short.
std::uint16_t TokenConstraint::advance(const std::string& text, std::uint16_t matched, char byte) {
  for (std::size_t length = matched + 1U; length > 0; --length) {
    if (text[length - 1] != byte) continue;
    // Input so far ended with text[0, matched).
    const std::string_view before(text.data(), matched);
    if (before.ends_with(std::string_view(text).substr(0, length - 1))) {
      return static_cast<std::uint16_t>(length);
    }
  }
  return 0;
}

TokenConstraint::Place TokenConstraint::in_grammar(text::GrammarMachine::State state,
                                                   unsigned char byte) const {
  const auto next = machine_->next(state, byte);
  if (next == text::GrammarMachine::kDead) return {Phase::broken, 0, next};
  // Behind a whole text of the grammar a triggered one is over, and the answer free again.
  if (!options_.trigger.empty() && machine_->is_complete(next)) return after_thinking();
  return {Phase::grammar, 0, next};
}

TokenConstraint::Place TokenConstraint::step(Place place, unsigned char byte) const {
  const char c = static_cast<char>(byte);
  switch (place.phase) {
    case Phase::begin: {
      if (place.matched == 0 && is_blank(byte)) return place;
      if (c == options_.may_open[place.matched]) {
        ++place.matched;
        if (place.matched == options_.may_open.size()) return {Phase::thinking, 0, 0};
        return place;
      }
      // Not reasoning then: what came of its tag belongs to the answer.
      Place other = after_thinking();
      for (std::uint16_t i = 0; i < place.matched; ++i) {
        other = step(other, static_cast<unsigned char>(options_.may_open[i]));
      }
      return step(other, byte);
    }
    case Phase::thinking:
      place.matched = advance(close_, place.matched, c);
      return place.matched == close_.size() ? after_thinking() : place;
    case Phase::blank:
      if (is_blank(byte) && place.matched < kMaxBlank) {
        ++place.matched;
        return place;
      }
      return in_grammar(place.state, byte);
    case Phase::free:
      place.matched = advance(options_.trigger, place.matched, c);
      if (place.matched < options_.trigger.size()) return place;
      return {Phase::grammar, 0, machine_->start()};
    case Phase::grammar:
      return in_grammar(place.state, byte);
    case Phase::broken:
      return place;
  }
  return place;
}

bool TokenConstraint::allows(std::string_view bytes) const {
  if (place_.phase == Phase::broken) return true;
  if (bytes.empty()) return false;  // it would change nothing, and could come for ever
  Place place = place_;
  for (const char byte : bytes) {
    place = step(place, static_cast<unsigned char>(byte));
    if (place.phase == Phase::broken) return false;
  }
  return true;
}

void TokenConstraint::accept(std::string_view bytes) {
  for (const char byte : bytes) place_ = step(place_, static_cast<unsigned char>(byte));
}

bool TokenConstraint::may_end() const {
  if (place_.phase == Phase::grammar) return machine_->accepts(place_.state);
  if (place_.phase == Phase::free || place_.phase == Phase::broken) return true;
  return !options_.trigger.empty();
}

bool TokenConstraint::must_end() const {
  return place_.phase == Phase::grammar && machine_->is_complete(place_.state);
}

void TokenConstraint::mask(const SortedVocabulary& vocabulary,
                           std::span<const std::int32_t> stop_tokens,
                           std::span<float> logits) const {
  if (place_.phase == Phase::broken) return;
  std::vector<std::uint8_t> allowed(logits.size(), 0);  // [vocab]
  if (may_end()) {
    for (const std::int32_t token : stop_tokens) allowed[static_cast<std::size_t>(token)] = 1;
  }
  // places[i]: after i bytes of the entry; what the entry before shares is there already.
  std::vector<Place> places = {place_};
  for (const SortedVocabulary::Entry& entry : vocabulary.entries()) {
    if (places.size() > entry.shared + 1) places.resize(entry.shared + 1);
    while (places.size() <= entry.bytes.size() && places.back().phase != Phase::broken) {
      places.push_back(
          step(places.back(), static_cast<unsigned char>(entry.bytes[places.size() - 1])));
    }
    if (places.back().phase != Phase::broken) allowed[static_cast<std::size_t>(entry.token)] = 1;
  }
  for (std::size_t token = 0; token < logits.size(); ++token) {
    if (allowed[token] == 0) logits[token] = -std::numeric_limits<float>::infinity();
  }
}

}  // namespace frugal::engine

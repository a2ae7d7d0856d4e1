#include "text/pre_tokenizer.h"

#include <algorithm>
#include <utility>

#include "text/byte_level.h"
#include "text/matches.h"
#include "text/normalizer.h"

namespace frugal::text {

const std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

struct Part {
  Span span;
  bool match;
};

std::vector<Part> find_parts(const Regex& pattern, std::string_view text, bool invert,
                             Regex::Matcher& matcher) {
  std::vector<Part> parts;
  std::size_t done = 0;
  Matches matches(pattern, text, matcher);
  for (Span match; matches.next(match);) {
    if (done != match.begin) parts.push_back({{done, match.begin}, invert});
    parts.push_back({match, !invert});
    done = match.end;
  }
  if (done != text.size()) parts.push_back({{done, text.size()}, invert});
  return parts;
}

// Joins neighbours; in each group the parts come in the order in which they are visited.
std::vector<Part> join(std::vector<Part> parts, SplitBehavior behavior) {
  const bool backwards = behavior == SplitBehavior::merged_with_next;
  if (backwards) std::reverse(parts.begin(), parts.end());
  std::vector<Part> joined;
  bool previous_match = false;
  for (const Part& part : parts) {
    const bool joins = behavior == SplitBehavior::contiguous ? part.match == previous_match
                                                             : part.match && !previous_match;
    if (joins && !joined.empty()) {
      Span& last = joined.back().span;
      backwards ? last.begin = part.span.begin : last.end = part.span.end;
    } else {
      joined.push_back(part);
    }
    previous_match = part.match;
  }
  if (backwards) std::reverse(joined.begin(), joined.end());
  return joined;
}

}  // namespace

void PreTokenizer::add(Stage stage) {
  if (byte_level_) stages_.push_back(WriteByteLevel{});
  byte_level_ = std::holds_alternative<ByteLevel>(stage);
  std::visit([&](auto& s) { stages_.push_back(std::move(s)); }, stage);
}

void PreTokenizer::split(std::string_view text, bool at_start, Run& run) const {
  pass(0, text, at_start, run);
}

void PreTokenizer::pass(std::size_t stage, std::string_view piece, bool at_start, Run& run) const {
  if (piece.empty()) return;
  if (stage == stages_.size()) return run.sink(piece);
  std::visit([&](const auto& s) { apply(s, stage, piece, at_start, run); }, stages_[stage]);
}

void PreTokenizer::apply(const Split& split, std::size_t stage, std::string_view text,
                         bool at_start, Run& run) const {
  cut(split.pattern, split.behavior, split.invert, stage, text, at_start, run);
}

void PreTokenizer::apply(const ByteLevel& byte_level, std::size_t stage, std::string_view text,
                         bool at_start, Run& run) const {
  if (byte_level.add_prefix_space && text.front() != ' ') {
    text = run.storage.emplace_back(" ").append(text);
  }
  if (!byte_level.pattern) return pass(stage + 1, text, at_start, run);
  cut(*byte_level.pattern, SplitBehavior::isolated, false, stage, text, at_start, run);
}

void PreTokenizer::apply(const Metaspace& metaspace, std::size_t stage, std::string_view text,
                         bool at_start, Run& run) const {
  std::string replaced;
  replaced.reserve(text.size() * 2);
  for (const char c : text) c == ' ' ? replaced += metaspace.replacement : replaced += c;
  const bool wanted = metaspace.prepend == PrependScheme::always ||
                      (metaspace.prepend == PrependScheme::first && at_start);
  if (wanted && !replaced.starts_with(metaspace.replacement)) {
    replaced.insert(0, metaspace.replacement);
  }
  text = run.storage.emplace_back(std::move(replaced));
  if (!metaspace.split) return pass(stage + 1, text, at_start, run);
  cut(*metaspace.split, SplitBehavior::merged_with_next, false, stage, text, at_start, run);
}

void PreTokenizer::apply(WriteByteLevel, std::size_t stage, std::string_view text, bool at_start,
                         Run& run) const {
  pass(stage + 1, run.storage.emplace_back(to_byte_level(text)), at_start, run);
}

void PreTokenizer::cut(const Regex& pattern, SplitBehavior behavior, bool invert, std::size_t stage,
                       std::string_view text, bool at_start, Run& run) const {
  const auto emit = [&](std::size_t begin, std::size_t end) {
    pass(stage + 1, text.substr(begin, end - begin), at_start && begin == 0, run);
  };
  if (behavior == SplitBehavior::isolated) {
    std::size_t done = 0;
    Matches matches(pattern, text, run.matcher);
    for (Span match; matches.next(match);) {
      emit(done, match.begin);
      emit(match.begin, match.end);
      done = match.end;
    }
    return emit(done, text.size());
  }
  std::vector<Part> parts = find_parts(pattern, text, invert, run.matcher);
  if (behavior != SplitBehavior::removed) parts = join(std::move(parts), behavior);
  for (const Part& part : parts) {
    if (behavior == SplitBehavior::removed && part.match) continue;
    emit(part.span.begin, part.span.end);
  }
}

}  // namespace frugal::text

// Holds an answer to a grammar: which tokens may come next.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/grammar.h"

namespace frugal::engine {

/// The tokens of a vocabulary sorted by their bytes, so that those that begin alike lie together.
class SortedVocabulary {
 public:
  /// `bytes_of`: the bytes of each token in [0, size); tokens without bytes are left out.
  SortedVocabulary(std::int64_t size,
                   const std::function<std::string(std::int32_t token)>& bytes_of);

  struct Entry {
    std::string bytes;
    std::int32_t token = 0;
    std::size_t shared = 0;  // bytes at the start that equal those of the entry before
  };
  std::span<const Entry> entries() const { return entries_; }
  /// Empty for tokens without bytes.
  const std::string& bytes(std::int32_t token) const {
    return bytes_[static_cast<std::size_t>(token)];
  }

 private:
  std::vector<std::string> bytes_;  // [vocab]
  std::vector<Entry> entries_;      // sorted by bytes
};

/// What a constraint holds to the grammar.
struct ConstraintOptions {
  /// The output begins within reasoning, which is free up to this text; empty: it does not.
  std::string free_until{};
  /// Reasoning may also be opened by the output itself, with this text; empty: it may not.
  std::string may_open{};
  /// Empty: all of the answer is of the grammar, white space before it aside, and it ends with it.
  /// Otherwise the answer is free, except that a text of the grammar follows wherever this stands.
  std::string trigger{};
};

/// Follows one answer. Copies follow on their own and share what is known of the grammar, so all
/// copies belong to one thread.
class TokenConstraint {
 public:
  TokenConstraint(std::shared_ptr<text::GrammarMachine> machine, ConstraintOptions options);

  /// Whether these bytes may come next.
  bool allows(std::string_view bytes) const;
  /// They came. Bytes that may not come end the grammar's hold.
  void accept(std::string_view bytes);
  /// Whether the answer may end here.
  bool may_end() const;
  /// Whether nothing can come any more.
  bool must_end() const;
  /// Sets the logits [vocab] of tokens that may not come to minus infinity. `stop_tokens` may come
  /// where the answer may end.
  void mask(const SortedVocabulary& vocabulary, std::span<const std::int32_t> stop_tokens,
            std::span<float> logits) const;

 private:
  enum class Phase : std::uint8_t {
    begin,     // nothing but white space came; it may open reasoning
    thinking,  // free, up to free_until
    blank,     // white space before the grammar
    free,      // free, up to the trigger
    grammar,
    broken,  // something came that may not
  };
  struct Place {
    Phase phase = Phase::begin;
    std::uint16_t matched = 0;  // bytes of what is looked for; of white space
    text::GrammarMachine::State state = text::GrammarMachine::kDead;
  };

  Place after_thinking() const;
  Place step(Place place, unsigned char byte) const;
  Place in_grammar(text::GrammarMachine::State state, unsigned char byte) const;
  static std::uint16_t advance(const std::string& text, std::uint16_t matched, char byte);

  std::shared_ptr<text::GrammarMachine> machine_;
  ConstraintOptions options_;
  std::string close_;  // what ends reasoning
  Place place_;
};

}  // namespace frugal::engine

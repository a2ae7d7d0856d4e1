// Context-free grammars over bytes, and a machine that follows them byte by byte.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace frugal::text {

using ByteSet = std::bitset<256>;

/// The bytes from `first` to `last`.
ByteSet byte_range(unsigned char first, unsigned char last);

/// Rules, each a choice of sequences. Made by composing: each function returns a new rule.
class Grammar {
 public:
  using Rule = std::int32_t;

  Rule bytes(const ByteSet& set);
  Rule literal(std::string_view text);
  Rule sequence(const std::vector<Rule>& rules);
  Rule choice(const std::vector<Rule>& rules);
  /// At least `least` times, at most `most`; -1: without end. `separator` stands between, if >= 0.
  Rule repeat(Rule rule, std::int64_t least, std::int64_t most, Rule separator = kNone);
  Rule optional(Rule rule) { return repeat(rule, 0, 1); }
  /// A rule to be defined later, so that rules may refer to themselves.
  Rule declare();
  void define(Rule rule, Rule meaning);

  void set_root(Rule rule) { root_ = rule; }

  /// Throws Error when a rule can begin with itself, or was declared and not defined, and when
  /// there are more symbols than kMaxSymbols: repetitions are written out.
  void check() const;

  static constexpr Rule kNone = -1;
  static constexpr std::size_t kMaxSymbols = 50'000;

 private:
  friend class GrammarMachine;
  /// A byte set (at or above zero, an index of sets_) or a rule (below).
  using Symbol = std::int32_t;
  static Symbol of_rule(Rule rule) { return -1 - rule; }

  Rule add(std::vector<std::vector<Symbol>> alternatives);
  bool can_be_empty(Rule rule, std::vector<std::int8_t>& known) const;
  void check_left(Rule rule, std::vector<std::int8_t>& state,
                  std::vector<std::int8_t>& empty) const;

  std::vector<ByteSet> sets_;
  std::vector<std::vector<std::vector<Symbol>>> rules_;  // [rule][alternative][symbol]
  std::size_t symbols_ = 0;
  Rule root_ = kNone;
};

/// Follows a grammar. All that a text so far allows is one number, the state; the way from state to
/// state is computed once and then looked up, so that a byte costs nanoseconds. For one thread.
class GrammarMachine {
 public:
  using State = std::int32_t;
  static constexpr State kDead = 0;                   // no text of the grammar begins so
  static constexpr std::size_t kMaxStates = 1 << 16;  // of about a kilobyte each

  /// Checks the grammar.
  explicit GrammarMachine(Grammar grammar);
  GrammarMachine(const GrammarMachine&) = delete;
  GrammarMachine& operator=(const GrammarMachine&) = delete;

  State start() const { return start_; }
  /// Where one more byte leads; kDead when it may not come. Throws Error when what the grammar
  /// allows there is too ambiguous or too deep, or takes more than kMaxStates: some patterns have a
  /// state for nearly every text. What was found before stays.
  State next(State state, unsigned char byte);
  /// Whether the text may end here.
  bool accepts(State state) const { return at(state).accepts; }
  /// Whether nothing may follow.
  bool is_complete(State state) const { return accepts(state) && at(state).tops.empty(); }

  /// States seen so far.
  std::size_t size() const { return states_.size(); }

 private:
  // A stack of what is to come: `offset` in an alternative, then the parent's. Stacks share their
  // lower parts; equal stacks have equal numbers. 0 is the empty stack.
  struct Stack {
    const std::vector<Grammar::Symbol>* alternative = nullptr;
    std::size_t offset = 0;
    std::int32_t parent = 0;
    bool operator==(const Stack&) const = default;
    bool operator<(const Stack& other) const {
      return std::tie(alternative, offset, parent) <
             std::tie(other.alternative, other.offset, other.parent);
    }
  };
  struct StateData {
    std::vector<std::int32_t> tops;  // stacks whose next symbol is a byte set; sorted
    bool accepts = false;
    std::array<State, 256> next;
  };

  const StateData& at(State state) const { return states_[static_cast<std::size_t>(state)]; }
  std::int32_t intern(const Stack& stack);
  void expand(Stack stack, StateData& into, std::set<Stack>& seen);
  State intern_state(StateData data);

  Grammar grammar_;
  std::vector<Stack> stacks_;
  std::map<Stack, std::int32_t> stack_ids_;
  std::vector<StateData> states_;
  std::size_t tops_ = 0;  // of all states
  std::map<std::pair<std::vector<std::int32_t>, bool>, State> state_ids_;
  State start_ = kDead;
};

}  // namespace frugal::text

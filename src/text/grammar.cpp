#include "text/grammar.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace frugal::text {

namespace {

constexpr std::int32_t kUnknown = -1;   // a transition that was not computed yet
constexpr std::size_t kMaxTops = 4096;  // stacks of one state, in a hopelessly ambiguous grammar
constexpr std::size_t kMaxAllTops = 1 << 18;  // of all states together: they are what takes time
constexpr std::size_t kMaxStacks = 1 << 20;

}  // namespace

ByteSet byte_range(unsigned char first, unsigned char last) {
  ByteSet set;
  for (std::size_t byte = first; byte <= last; ++byte) set.set(byte);
  return set;
}

Grammar::Rule Grammar::add(std::vector<std::vector<Symbol>> alternatives) {
  for (const auto& alternative : alternatives) symbols_ += alternative.size() + 1;
  require(symbols_ <= kMaxSymbols,
          "the schema is too large: written out it has more than {} symbols", kMaxSymbols);
  rules_.push_back(std::move(alternatives));
  return static_cast<Rule>(rules_.size()) - 1;
}

Grammar::Rule Grammar::bytes(const ByteSet& set) {
  sets_.push_back(set);
  return add({{static_cast<Symbol>(sets_.size()) - 1}});
}

Grammar::Rule Grammar::literal(std::string_view text) {
  std::vector<Symbol> symbols;
  for (const char byte : text) {
    sets_.push_back(byte_range(static_cast<unsigned char>(byte), static_cast<unsigned char>(byte)));
    symbols.push_back(static_cast<Symbol>(sets_.size()) - 1);
  }
  return add({std::move(symbols)});
}

Grammar::Rule Grammar::sequence(const std::vector<Rule>& rules) {
  std::vector<Symbol> symbols;
  symbols.reserve(rules.size());
  for (const Rule rule : rules) symbols.push_back(of_rule(rule));
  return add({std::move(symbols)});
}

Grammar::Rule Grammar::choice(const std::vector<Rule>& rules) {
  std::vector<std::vector<Symbol>> alternatives;
  alternatives.reserve(rules.size());
  for (const Rule rule : rules) alternatives.push_back({of_rule(rule)});
  return add(std::move(alternatives));
}

Grammar::Rule Grammar::declare() { return add({}); }

void Grammar::define(Rule rule, Rule meaning) {
  rules_[static_cast<std::size_t>(rule)] = {{of_rule(meaning)}};
}

// Written from the end: the tail that is optional, then what must be there before it.
Grammar::Rule Grammar::repeat(Rule rule, std::int64_t least, std::int64_t most, Rule separator) {
  const Rule empty = sequence({});
  if (most == 0) return empty;
  const Rule further = separator == kNone ? rule : sequence({separator, rule});
  Rule tail = empty;
  if (most < 0) {
    tail = declare();
    define(tail, choice({empty, sequence({further, tail})}));
  } else {
    for (std::int64_t i = std::max<std::int64_t>(least, 1); i < most; ++i) {
      tail = choice({empty, sequence({further, tail})});
    }
  }
  for (std::int64_t i = 1; i < least; ++i) tail = sequence({further, tail});
  const Rule some = sequence({rule, tail});
  return least == 0 ? choice({empty, some}) : some;
}

// 1: yes, 0: no, -1: not known, 2: being found out, which counts as no.
bool Grammar::can_be_empty(Rule rule, std::vector<std::int8_t>& known) const {
  std::int8_t& answer = known[static_cast<std::size_t>(rule)];
  if (answer != -1) return answer == 1;
  answer = 2;
  bool empty = false;
  for (const auto& alternative : rules_[static_cast<std::size_t>(rule)]) {
    empty = empty || std::all_of(alternative.begin(), alternative.end(), [&](Symbol symbol) {
              return symbol < 0 && can_be_empty(-1 - symbol, known);
            });
  }
  known[static_cast<std::size_t>(rule)] = empty ? 1 : 0;
  return empty;
}

void Grammar::check_left(Rule rule, std::vector<std::int8_t>& state,
                         std::vector<std::int8_t>& empty) const {
  const auto index = static_cast<std::size_t>(rule);
  require(state[index] != 1, "the schema refers to itself without anything between");
  if (state[index] == 2) return;
  state[index] = 1;
  require(!rules_[index].empty(), "a rule of the grammar is not defined");
  for (const auto& alternative : rules_[index]) {
    for (const Symbol symbol : alternative) {
      if (symbol >= 0) break;
      check_left(-1 - symbol, state, empty);
      if (!can_be_empty(-1 - symbol, empty)) break;
    }
  }
  state[index] = 2;
}

void Grammar::check() const {
  require(root_ != kNone, "the grammar has no root");
  std::vector<std::int8_t> empty(rules_.size(), -1);
  std::vector<std::int8_t> state(rules_.size(), 0);
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    check_left(static_cast<Rule>(rule), state, empty);
  }
}

GrammarMachine::GrammarMachine(Grammar grammar) : grammar_(std::move(grammar)) {
  grammar_.check();
  stacks_.emplace_back();
  stack_ids_.emplace(Stack{}, 0);
  intern_state({});  // kDead
  StateData first;
  std::set<Stack> seen;
  for (const auto& alternative : grammar_.rules_[static_cast<std::size_t>(grammar_.root_)]) {
    expand({&alternative, 0, 0}, first, seen);
  }
  start_ = intern_state(std::move(first));
}

std::int32_t GrammarMachine::intern(const Stack& stack) {
  const auto [place, is_new] =
      stack_ids_.try_emplace(stack, static_cast<std::int32_t>(stacks_.size()));
  if (is_new) stacks_.push_back(stack);
  require(stacks_.size() < kMaxStacks, "the answer's structure is too deep for its schema");
  return place->second;
}

// Adds to `into` what can come next where `stack` stands, down to byte sets.
void GrammarMachine::expand(Stack stack, StateData& into, std::set<Stack>& seen) {
  while (stack.alternative != nullptr && stack.offset == stack.alternative->size()) {
    stack = stacks_[static_cast<std::size_t>(stack.parent)];
  }
  if (stack.alternative == nullptr) {
    into.accepts = true;
    return;
  }
  if (!seen.insert(stack).second) return;
  const Grammar::Symbol symbol = (*stack.alternative)[stack.offset];
  if (symbol >= 0) {
    into.tops.push_back(intern(stack));
    require(into.tops.size() <= kMaxTops, "the schema is too ambiguous");
    return;
  }
  // Behind the last symbol of an alternative nothing of it is left to come back to.
  const Stack rest{stack.alternative, stack.offset + 1, stack.parent};
  const std::int32_t parent =
      rest.offset == stack.alternative->size() ? stack.parent : intern(rest);
  for (const auto& alternative : grammar_.rules_[static_cast<std::size_t>(-1 - symbol)]) {
    expand({&alternative, 0, parent}, into, seen);
  }
}

GrammarMachine::State GrammarMachine::intern_state(StateData data) {
  std::sort(data.tops.begin(), data.tops.end());
  data.tops.erase(std::unique(data.tops.begin(), data.tops.end()), data.tops.end());
  if (!states_.empty() && data.tops.empty() && !data.accepts) return kDead;
  std::pair key(data.tops, data.accepts);
  if (const auto known = state_ids_.find(key); known != state_ids_.end()) return known->second;
  require(states_.size() < kMaxStates && tops_ + data.tops.size() <= kMaxAllTops,
          "too many states: the answer's schema may take {} with {} ways on in all; simpler "
          "patterns or shorter strings take fewer",
          kMaxStates, kMaxAllTops);
  const auto state = static_cast<State>(states_.size());
  tops_ += data.tops.size();
  data.next.fill(data.tops.empty() ? kDead : kUnknown);
  states_.push_back(std::move(data));
  state_ids_.emplace(std::move(key), state);
  return state;
}

GrammarMachine::State GrammarMachine::next(State state, unsigned char byte) {
  const State known = at(state).next[byte];
  if (known != kUnknown) return known;
  StateData data;
  std::set<Stack> seen;
  ByteSet alike = ~ByteSet();  // bytes that every top takes or refuses as it does this one
  const std::vector<std::int32_t> tops = at(state).tops;
  for (const std::int32_t top : tops) {
    Stack stack = stacks_[static_cast<std::size_t>(top)];
    const ByteSet& set =
        grammar_.sets_[static_cast<std::size_t>((*stack.alternative)[stack.offset])];
    alike &= set.test(byte) ? set : ~set;
    if (!set.test(byte)) continue;
    ++stack.offset;
    expand(stack, data, seen);
  }
  const State found = intern_state(std::move(data));
  std::array<State, 256>& next = states_[static_cast<std::size_t>(state)].next;
  for (std::size_t other = 0; other < next.size(); ++other) {
    if (alike.test(other)) next[other] = found;
  }
  return found;
}

}  // namespace frugal::text

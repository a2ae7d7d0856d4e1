// Regular expressions as grammars of JSON strings.
#include <algorithm>

#include "base/error.h"
#include "text/json_grammar.h"

namespace frugal::text {

namespace {

using Rule = Grammar::Rule;

constexpr std::int64_t kMaxRepeat = 1000;
constexpr int kMaxDepth = 50;

ByteSet ascii() { return byte_range(0x20, 0x7E); }

class PatternParser {
 public:
  PatternParser(Grammar& grammar, std::string_view pattern)
      : g_(grammar), pattern_(pattern), any_(json_character(grammar)) {}

  Rule parse() {
    const Rule rule = alternatives(0);
    require(at_ == pattern_.size(), "pattern {}: ) without (", printable(pattern_));
    return rule;
  }

 private:
  [[noreturn]] void refuse(const char* what) const {
    fail("pattern {}: {} is not supported", printable(pattern_), what);
  }
  bool done() const { return at_ == pattern_.size(); }
  char peek() const { return pattern_[at_]; }
  bool take(char c) {
    if (done() || peek() != c) return false;
    ++at_;
    return true;
  }
  char next() {
    require(!done(), "pattern {}: it ends too early", printable(pattern_));
    return pattern_[at_++];
  }

  // What is not anchored may have anything before and behind it.
  Rule alternatives(int depth) {
    require(depth < kMaxDepth, "pattern {}: nested too deeply", printable(pattern_));
    std::vector<Rule> choices;
    do {
      std::vector<Rule> parts;
      const bool whole_start = depth > 0 || take('^');
      if (!whole_start) parts.push_back(g_.repeat(any_, 0, -1));
      bool whole_end = depth > 0;
      while (!done() && peek() != '|' && peek() != ')') {
        if (peek() == '$' && depth == 0) {
          ++at_;
          whole_end = true;
          if (!done() && peek() != '|') refuse("$ in the middle");
          break;
        }
        parts.push_back(quantified(depth));
      }
      if (!whole_end) parts.push_back(g_.repeat(any_, 0, -1));
      choices.push_back(g_.sequence(parts));
    } while (take('|'));
    return g_.choice(choices);
  }

  Rule quantified(int depth) {
    Rule rule = atom(depth);
    for (;;) {
      std::int64_t least = 0;
      std::int64_t most = -1;
      if (take('*')) {
      } else if (take('+')) {
        least = 1;
      } else if (take('?')) {
        most = 1;
      } else if (!done() && peek() == '{') {
        ++at_;
        least = number();
        most = take(',') ? (!done() && peek() == '}' ? -1 : number()) : least;
        require(take('}') && (most < 0 || least <= most), "pattern {}: a broken {{}}",
                printable(pattern_));
      } else {
        return rule;
      }
      take('?');  // a lazy match is the same set of texts
      rule = g_.repeat(rule, least, most);
      if (!done() && (peek() == '*' || peek() == '+' || peek() == '{'))
        refuse("a repeated repetition");
    }
  }

  std::int64_t number() {
    std::int64_t value = 0;
    require(!done() && std::isdigit(static_cast<unsigned char>(peek())) != 0,
            "pattern {}: a number is missing", printable(pattern_));
    while (!done() && std::isdigit(static_cast<unsigned char>(peek())) != 0) {
      value = value * 10 + (next() - '0');
      require(value <= kMaxRepeat, "pattern {}: more than {} repetitions", printable(pattern_),
              kMaxRepeat);
    }
    return value;
  }

  Rule atom(int depth) {
    const char c = next();
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return char_class();
      case '.':
        return any_;
      case '^':
      case '$':
        refuse("an anchor in the middle");
      case '*':
      case '+':
      case '?':
      case '{':
        refuse("a repetition of nothing");
      case '\\':
        return set_rule(escape());
      default:
        break;
    }
    if (static_cast<unsigned char>(c) < 0x80)
      return set_rule(ByteSet().set(static_cast<unsigned char>(c)));
    return g_.literal(std::string(1, c));  // a byte of a longer character
  }

  Rule group(int depth) {
    if (take('?') && !take(':')) refuse("a group that begins with ?");
    const Rule rule = alternatives(depth + 1);
    require(take(')'), "pattern {}: ( without )", printable(pattern_));
    return rule;
  }

  ByteSet escape() {
    const char c = next();
    const ByteSet digits = byte_range('0', '9');
    const ByteSet words = digits | byte_range('a', 'z') | byte_range('A', 'Z') | ByteSet().set('_');
    const ByteSet blanks = ByteSet().set(' ').set('\t').set('\n').set('\r').set('\f');
    switch (c) {
      case 'd':
        return digits;
      case 'D':
        return ascii() & ~digits;
      case 'w':
        return words;
      case 'W':
        return ascii() & ~words;
      case 's':
        return blanks;
      case 'S':
        return ascii() & ~blanks;
      case 'n':
        return ByteSet().set('\n');
      case 't':
        return ByteSet().set('\t');
      case 'r':
        return ByteSet().set('\r');
      default:
        break;
    }
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) refuse("this escape");
    return ByteSet().set(static_cast<unsigned char>(c));
  }

  Rule char_class() {
    const bool negated = take('^');
    ByteSet set;
    while (!take(']')) {
      ByteSet item = class_item();
      if (item.count() == 1 && at_ + 1 < pattern_.size() && peek() == '-' &&
          pattern_[at_ + 1] != ']') {
        ++at_;
        const ByteSet last = class_item();
        const std::size_t first_byte = item._Find_first();
        const std::size_t last_byte = last._Find_first();
        require(last.count() == 1 && first_byte <= last_byte, "pattern {}: a broken range",
                printable(pattern_));
        item = byte_range(static_cast<unsigned char>(first_byte),
                          static_cast<unsigned char>(last_byte));
      }
      set |= item;
    }
    return set_rule(negated ? ascii() & ~set : set);
  }

  ByteSet class_item() {
    const char c = next();
    if (c == '\\') return escape();
    if (static_cast<unsigned char>(c) >= 0x80) refuse("a class with characters beyond ASCII");
    return ByteSet().set(static_cast<unsigned char>(c));
  }

  // ASCII characters as a JSON string holds them.
  Rule set_rule(ByteSet set) {
    std::vector<Rule> choices;
    constexpr std::pair<char, const char*> kEscapes[] = {
        {'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {'\f', "\\f"}};
    for (const auto& [c, written] : kEscapes) {
      if (!set.test(static_cast<unsigned char>(c))) continue;
      set.reset(static_cast<unsigned char>(c));
      choices.push_back(g_.literal(written));
    }
    if (set.any()) choices.push_back(g_.bytes(set));
    require(!choices.empty(), "pattern {}: an empty class", printable(pattern_));
    return g_.choice(choices);
  }

  Grammar& g_;
  std::string_view pattern_;
  Rule any_;
  std::size_t at_ = 0;
};

}  // namespace

Rule pattern_rule(Grammar& grammar, const std::string& pattern) {
  return PatternParser(grammar, pattern).parse();
}

}  // namespace frugal::text

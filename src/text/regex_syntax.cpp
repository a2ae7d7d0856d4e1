#include "text/regex_syntax.h"

#include <array>
#include <cctype>
#include <utility>

#include "base/error.h"

namespace frugal::text {

namespace {

// White_Space, which Oniguruma means by \s. PCRE2's own \s holds U+180E too.
constexpr std::string_view kSpace =
    R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
// Of the numbers that are no digits Oniguruma takes those of Latin-1 as word characters.
constexpr std::string_view kWord =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE})";
constexpr std::string_view kHex = "0-9a-fA-F";

class Translator {
 public:
  Translator(std::string_view pattern, std::string_view what) : pattern_(pattern), what_(what) {}

  std::string run() {
    while (at_ < pattern_.size()) {
      switch (pattern_[at_]) {
        case '\\':
          escape(false);
          break;
        case '[':
          char_class();
          break;
        case '(':
          group();
          break;
        case '{':
          interval();
          break;
        default:
          out_ += pattern_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void unsupported(std::string_view construct) const {
    fail("{}: regular expression '{}': {} at byte {} is not supported", what_,
         printable(pattern_, 300), printable(construct), at_);
  }

  char peek(std::size_t ahead) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }

  void copy(std::size_t bytes) {
    out_ += pattern_.substr(at_, bytes);
    at_ += bytes;
  }

  void put(std::string_view replacement, std::size_t bytes) {
    out_ += replacement;
    at_ += bytes;
  }

  void put_set(std::string_view set, bool negated, bool in_class) {
    if (in_class) {
      if (negated) unsupported(pattern_.substr(at_, 2));
      return put(set, 2);
    }
    out_ += negated ? "[^" : "[";
    put(set, 2);
    out_ += ']';
  }

  void escape(bool in_class) {
    const char c = peek(1);
    if (c == '\0') unsupported("a backslash at the end");
    switch (c) {
      case 's':
        return put_set(kSpace, false, in_class);
      case 'S':
        return in_class ? put(R"(\P{White_Space})", 2) : put_set(kSpace, true, false);
      case 'w':
      case 'W':
        return put_set(kWord, c == 'W', in_class);
      case 'h':
      case 'H':
        return put_set(kHex, c == 'H', in_class);
      case 'v':
        return put(R"(\x0b)", 2);
      case 'u':
        return unicode_escape();
      case 'p':
      case 'P':
      case 'x':
        return braced_escape(c);
      default:
        break;
    }
    const std::string_view same = in_class ? "dDnrtfae" : "dDnrtfaeAzZ";
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 && same.find(c) == same.npos) {
      unsupported(pattern_.substr(at_, 2));
    }
    copy(2);  // a multi-byte character's other bytes follow as literals
  }

  bool hex_digits(std::size_t ahead, std::size_t count) const {
    for (std::size_t i = ahead; i < ahead + count; ++i) {
      if (std::isxdigit(static_cast<unsigned char>(peek(i))) == 0) return false;
    }
    return true;
  }

  void unicode_escape() {
    if (!hex_digits(2, 4)) unsupported(R"(\u without four hexadecimal digits)");
    out_ += R"(\x{)";
    out_ += pattern_.substr(at_ + 2, 4);
    put("}", 6);
  }

  void braced_escape(char letter) {
    if (peek(2) == '{') {
      const std::size_t close = pattern_.find('}', at_);
      if (close == pattern_.npos) unsupported(pattern_.substr(at_));
      return copy(close + 1 - at_);
    }
    // \xHH above 7F is a byte for Oniguruma and a character for PCRE2.
    if (letter == 'x' && hex_digits(2, 2) && peek(2) < '8') return copy(4);
    unsupported(pattern_.substr(at_, 4));
  }

  void char_class() {
    copy(1);
    if (peek(0) == '^') copy(1);
    if (peek(0) == ']') unsupported("an empty class");
    while (peek(0) != ']') {
      if (at_ >= pattern_.size()) unsupported("a class without an end");
      if (peek(0) == '[') unsupported("a class inside a class");
      if (peek(0) == '&' && peek(1) == '&') unsupported("a class intersection (&&)");
      peek(0) == '\\' ? escape(true) : copy(1);
    }
    copy(1);
  }

  void group() {
    if (peek(1) == '*') unsupported("(*");
    if (peek(1) != '?') return copy(1);
    static constexpr std::array<std::string_view, 9> kSame = {
        "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:", "(?i)"};
    for (const std::string_view opening : kSame) {
      // In the middle of a pattern a lone option reaches differently far.
      if (pattern_.substr(at_, opening.size()) != opening || (opening == "(?i)" && at_ > 0)) {
        continue;
      }
      return copy(opening.size());
    }
    unsupported(pattern_.substr(at_, 4));
  }

  // {n}, {n,}, {n,m}; anything else is literal text.
  void interval() {
    std::size_t length = 1;
    bool digits = false;
    while (std::isdigit(static_cast<unsigned char>(peek(length))) != 0) {
      digits = true;
      ++length;
    }
    if (peek(length) == ',') {
      if (!digits) unsupported("an interval without a lower bound");
      ++length;
      while (std::isdigit(static_cast<unsigned char>(peek(length))) != 0) ++length;
    }
    if (!digits || peek(length) != '}') return put(R"(\{)", 1);
    // For Oniguruma {n}+ repeats the repetition and {n}? makes it optional.
    if (peek(length + 1) == '+' || peek(length + 1) == '?') {
      unsupported(pattern_.substr(at_, length + 2));
    }
    copy(length + 1);
  }

  std::string_view pattern_;
  std::string_view what_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string pcre2_pattern(std::string_view oniguruma, std::string_view what) {
  return Translator(oniguruma, what).run();
}

}  // namespace frugal::text

#include "tasks/expression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/hash.h"

namespace frugal::tasks {

namespace {

constexpr int kMaxDepth = 60;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Number fraction(std::int64_t numerator, std::int64_t denominator) {
  const std::int64_t divisor = std::gcd(numerator, denominator);
  if (divisor > 1) {
    numerator /= divisor;
    denominator /= divisor;
  }
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  return {true, numerator, denominator,
          static_cast<long double>(numerator) / static_cast<long double>(denominator)};
}

// Numbers whose products and sums surely fit 64 bits stay fractions.
bool small(const Number& n) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 62;
  return n.exact && n.numerator > -kLimit && n.numerator < kLimit && n.denominator < kLimit;
}

Number add(const Number& a, const Number& b) {
  const long double sum = a.approximate + b.approximate;
  std::int64_t left = 0;
  std::int64_t right = 0;
  std::int64_t top = 0;
  std::int64_t bottom = 0;
  if (!small(a) || !small(b) || __builtin_mul_overflow(a.numerator, b.denominator, &left) ||
      __builtin_mul_overflow(b.numerator, a.denominator, &right) ||
      __builtin_add_overflow(left, right, &top) ||
      __builtin_mul_overflow(a.denominator, b.denominator, &bottom) || top == INT64_MIN) {
    return Number::inexact(sum);
  }
  return fraction(top, bottom);
}

Number multiply(const Number& a, const Number& b) {
  std::int64_t top = 0;
  std::int64_t bottom = 0;
  if (!small(a) || !small(b) || __builtin_mul_overflow(a.numerator, b.numerator, &top) ||
      __builtin_mul_overflow(a.denominator, b.denominator, &bottom) || top == INT64_MIN) {
    return Number::inexact(a.approximate * b.approximate);
  }
  return fraction(top, bottom);
}

Number negative(const Number& a) { return multiply(a, Number::integer(-1)); }

std::optional<Number> divide(const Number& a, const Number& b) {
  if (b.approximate == 0) return std::nullopt;
  if (!small(b)) return Number::inexact(a.approximate / b.approximate);
  return multiply(a, fraction(b.denominator, b.numerator));
}

std::optional<Number> power(const Number& base, const Number& exponent) {
  const bool whole = exponent.exact && exponent.denominator == 1;
  if (whole && std::abs(exponent.numerator) <= 64) {
    Number result = Number::integer(1);
    for (std::int64_t i = 0; i < std::abs(exponent.numerator); ++i) result = multiply(result, base);
    return exponent.numerator < 0 ? divide(Number::integer(1), result) : result;
  }
  const long double value = std::pow(base.approximate, exponent.approximate);
  if (!std::isfinite(value)) return std::nullopt;
  return Number::inexact(value);
}

std::optional<Number> root(const Number& value, const Number& degree) {
  const long double n = degree.approximate;
  const bool odd = std::fmod(n, 2.0L) == 1.0L;
  if (n == 0 || (value.approximate < 0 && !odd)) return std::nullopt;
  const long double size = std::pow(std::abs(value.approximate), 1 / n);
  const long double result = value.approximate < 0 ? -size : size;
  const auto nearest = static_cast<std::int64_t>(std::llround(std::min(size, 1e15L)));
  const Number whole = Number::integer(value.approximate < 0 ? -nearest : nearest);
  const std::optional<Number> back = power(whole, degree);
  if (back && back->exact && value.exact && equal(*back, value)) return whole;
  return Number::inexact(result);
}

// A real number between 1 and 2 for each name and point.
Number sample(std::string_view name, int point) {
  std::uint64_t hash =
      fnv1a(name, 0xCBF29CE484222325ULL + static_cast<std::uint64_t>(point) * 0x9E3779B9ULL);
  hash ^= hash >> 29;
  return Number::inexact(1 + static_cast<long double>(hash % 1000003) / 1000003.0L);
}

// One pass over the text, evaluating as it goes. Every function leaves `failed_` set on bad input.
class Evaluator {
 public:
  Evaluator(std::string_view text, int point) : text_(text), point_(point) {}

  std::optional<Number> run() {
    const Number value = sum();
    skip_blanks();
    if (failed_ || at_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool take_command(std::string_view name) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(name)) return false;
    if (rest.size() > name.size() && is_letter(name.back()) && is_letter(rest[name.size()])) {
      return false;
    }
    at_ += name.size();
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  Number fail() {
    failed_ = true;
    return {};
  }
  Number checked(const std::optional<Number>& value) {
    if (!value || !std::isfinite(value->approximate)) return fail();
    return *value;
  }

  Number sum() {
    if (++depth_ > kMaxDepth) return fail();
    Number value = product();
    while (!failed_) {
      if (take('+')) {
        value = add(value, product());
      } else if (take('-')) {
        value = add(value, negative(product()));
      } else {
        break;
      }
    }
    --depth_;
    return value;
  }

  Number product() {
    Number value = signed_power();
    while (!failed_) {
      const char next = peek();
      if (next == '*') {
        ++at_;
        value = multiply(value, signed_power());
      } else if (next == '/') {
        ++at_;
        value = checked(divide(value, signed_power()));
      } else if (next == '(' || next == '{' || next == '\\' || is_letter(next)) {
        value = multiply(value, factor());
      } else {
        break;
      }
    }
    return value;
  }

  Number signed_power() {
    if (++depth_ > kMaxDepth) return fail();
    Number value;
    if (take('-')) {
      value = negative(signed_power());
    } else if (take('+')) {
      value = signed_power();
    } else {
      value = factor();
    }
    --depth_;
    return value;
  }

  Number factor() {
    Number base = primary();
    while (!failed_ && take('!')) base = factorial(base);
    if (!failed_ && take('^')) base = checked(power(base, argument()));
    return base;
  }

  Number factorial(const Number& n) {
    if (!n.exact || n.denominator != 1 || n.numerator < 0 || n.numerator > 170) return fail();
    Number value = Number::integer(1);
    for (std::int64_t i = 2; i <= n.numerator; ++i) value = multiply(value, Number::integer(i));
    return value;
  }

  // What ^, \frac and \sqrt apply to: {...}, a sign with a factor, or one digit or name.
  Number argument() {
    const char next = peek();
    if (is_digit(next)) {
      ++at_;
      return Number::integer(next - '0');
    }
    if (next == '-' || next == '+') return signed_power();
    return primary();
  }

  Number bracketed(char close) {
    ++at_;
    const Number value = sum();
    return !failed_ && take(close) ? value : fail();
  }

  Number primary() {
    if (++depth_ > kMaxDepth || failed_) return fail();
    const char next = peek();
    Number value;
    if (is_digit(next) || next == '.') {
      value = literal();
    } else if (next == '(') {
      value = bracketed(')');
    } else if (next == '{') {
      value = bracketed('}');
    } else if (next == '[') {
      value = bracketed(']');
    } else if (next == '|') {
      value = bracketed('|');
      if (value.approximate < 0) value = negative(value);
    } else if (next == '\\') {
      value = command();
    } else if (is_letter(next)) {
      value = name();
    } else {
      value = fail();
    }
    --depth_;
    return value;
  }

  // Digits with a decimal point, then what makes a mixed number of them: 3\frac12 or 3 1/2.
  Number literal() {
    std::int64_t digits = 0;
    std::int64_t scale = 1;
    long double approximate = 0;
    long double place = 1;
    bool exact = true;
    bool point = false;
    bool any = false;
    for (; at_ < text_.size() && (is_digit(text_[at_]) || (text_[at_] == '.' && !point)); ++at_) {
      if (text_[at_] == '.') {
        point = true;
        continue;
      }
      any = true;
      const int digit = text_[at_] - '0';
      approximate = approximate * 10 + digit;
      if (point) place *= 10;
      exact = exact && !__builtin_mul_overflow(digits, 10, &digits) &&
              !__builtin_add_overflow(digits, digit, &digits) &&
              !(point && __builtin_mul_overflow(scale, 10, &scale));
    }
    if (!any) return fail();
    const Number value = exact ? fraction(digits, scale) : Number::inexact(approximate / place);
    if (take('_')) argument();  // the base of the numeral
    return point ? value : with_fraction(value);
  }

  Number with_fraction(const Number& whole) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("\\frac") && rest.size() > 6 && rest.find_first_of("0123456789") <= 6) {
      return add(whole, command());
    }
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    const bool after_blank = at_ > 0 && text_[at_ - 1] == ' ';
    if (digits == 0) return whole;
    if (!after_blank || digits == rest.size() || rest[digits] != '/') return fail();
    const Number top = literal();
    if (failed_ || !take('/')) return fail();
    const Number bottom = literal();
    return failed_ ? fail() : add(whole, checked(divide(top, bottom)));
  }

  Number command() {
    if (take_command("\\frac")) {
      const Number top = argument();
      const Number bottom = failed_ ? Number{} : argument();
      return failed_ ? fail() : checked(divide(top, bottom));
    }
    if (take_command("\\binom")) return binomial();
    if (take_command("\\sqrt")) return square_root();
    if (take_command("\\pi")) return Number::inexact(std::acos(-1.0L));
    using Function = long double (*)(long double);
    static constexpr std::array<std::pair<std::string_view, Function>, 5> kFunctions = {{
        {"\\sin", [](long double x) { return std::sin(x); }},
        {"\\cos", [](long double x) { return std::cos(x); }},
        {"\\tan", [](long double x) { return std::tan(x); }},
        {"\\ln", [](long double x) { return std::log(x); }},
        {"\\log", [](long double x) { return std::log10(x); }},
    }};
    for (const auto& [known, function] : kFunctions) {
      if (take_command(known)) return apply(function, known == "\\log");
    }
    return name();
  }

  Number apply(long double (*function)(long double), bool may_have_base) {
    long double divisor = 1;
    if (may_have_base && take('_')) divisor = function(argument().approximate);
    const bool squared = take('^');
    const Number exponent = squared ? argument() : Number::integer(1);
    Number x = factor();
    while (!failed_ && is_letter(peek())) x = multiply(x, factor());  // \sin 2x
    if (failed_) return fail();
    return checked(power(Number::inexact(function(x.approximate) / divisor), exponent));
  }

  Number binomial() {
    const Number n = argument();
    const Number k = failed_ ? Number{} : argument();
    if (failed_ || !n.exact || !k.exact || n.denominator != 1 || k.denominator != 1) return fail();
    if (k.numerator < 0 || k.numerator > 1000) return fail();
    Number value = Number::integer(1);
    for (std::int64_t i = 0; i < k.numerator; ++i) {
      value = multiply(value, Number::integer(n.numerator - i));
      value = checked(divide(value, Number::integer(i + 1)));
    }
    return value;
  }

  Number square_root() {
    Number degree = Number::integer(2);
    if (peek() == '[') degree = bracketed(']');
    const Number x = failed_ ? Number{} : argument();
    return failed_ ? fail() : checked(root(x, degree));
  }

  // A variable: a letter or a command such as \theta, with its subscript.
  Number name() {
    const std::size_t begin = at_;
    if (text_[at_] == '\\') {
      ++at_;
      while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
      if (at_ == begin + 1) return fail();
    } else {
      ++at_;
    }
    std::string key(text_.substr(begin, at_ - begin));
    if (take('_')) {
      const std::size_t from = at_;
      argument();
      if (failed_) return fail();
      key += '_';
      for (const char c : text_.substr(from, at_ - from)) {
        if (c != '{' && c != '}' && c != ' ') key += c;
      }
    }
    return sample(key, point_);
  }

  std::string_view text_;
  int point_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace

Number Number::integer(std::int64_t value) {
  return {true, value, 1, static_cast<long double>(value)};
}

Number Number::inexact(long double value) { return {false, 0, 1, value}; }

bool equal(const Number& a, const Number& b) {
  if (a.exact && b.exact) return a.numerator == b.numerator && a.denominator == b.denominator;
  const long double size = std::max(std::abs(a.approximate), std::abs(b.approximate));
  return std::abs(a.approximate - b.approximate) <= 1e-10L * std::max(size, 1e-6L);
}

std::optional<Number> evaluate(std::string_view text, int point) {
  return Evaluator(text, point).run();
}

std::optional<WholeNumberExpression> evaluate_whole_numbers(std::string_view text) {
  if (text.find_first_not_of("0123456789+-*/() ") != std::string_view::npos) return std::nullopt;
  const std::optional<Number> value = evaluate(text, 0);
  if (!value) return std::nullopt;
  WholeNumberExpression result{{}, *value};
  char before = '\0';  // the last character that is no blank
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      if (text[i] != ' ') before = text[i];
      ++i;
      continue;
    }
    if (is_digit(before)) return std::nullopt;  // a mixed number
    std::int64_t number = 0;
    for (; i < text.size() && is_digit(text[i]); ++i) {
      if (number > 1'000'000'000'000) return std::nullopt;
      number = number * 10 + (text[i] - '0');
    }
    before = '0';
    result.numbers.push_back(number);
  }
  return result;
}

}  // namespace frugal::tasks

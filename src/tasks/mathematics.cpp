#include "tasks/mathematics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "tasks/expression.h"
#include "tasks/latex.h"

namespace frugal::tasks {

namespace {

constexpr std::size_t kLongest = 2000;  // bytes; nobody's answer is longer
constexpr int kPoints = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The parts between `separator`, outside of all brackets.
std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (depth == 0 && text.substr(i).starts_with(separator)) {
      parts.emplace_back();
      i += separator.size();
      continue;
    }
    const char c = text[i];
    if (c == '(' || c == '[' || c == '{') ++depth;
    if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
    parts.back() += c;
    ++i;
  }
  return parts;
}

// "1 000" never comes here, "007" and "7.50" do.
std::string canonical_decimal(std::string text) {
  const std::size_t first = text.find_first_not_of('0');
  text.erase(0, std::min(first, text.size()));
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

bool is_decimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::ranges::count(text, '.') <= 1 && std::ranges::any_of(text, is_digit);
}

bool same_value(std::string_view a, std::string_view b) {
  if (a == b) return !a.empty();
  if (is_decimal(a) && is_decimal(b)) {
    return canonical_decimal(std::string(a)) == canonical_decimal(std::string(b));
  }
  for (int point = 0; point < kPoints; ++point) {
    const std::optional<Number> x = evaluate(a, point);
    const std::optional<Number> y = x ? evaluate(b, point) : std::nullopt;
    if (!x || !y || !equal(*x, *y)) return false;
  }
  return true;
}

// Both sides' difference, at one point.
std::optional<Number> residue(const std::vector<std::string>& sides, int point) {
  const std::optional<Number> left = evaluate(sides[0], point);
  const std::optional<Number> right = evaluate(sides[1], point);
  if (!left || !right) return std::nullopt;
  return Number::inexact(left->approximate - right->approximate);
}

// 2x + y = 3 and y = 3 - 2x: the residues stand in the same ratio everywhere.
bool same_equation(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::optional<long double> ratio;
  for (int point = 0; point < kPoints; ++point) {
    const std::optional<Number> x = residue(a, point);
    const std::optional<Number> y = residue(b, point);
    if (!x || !y || x->approximate == 0 || y->approximate == 0) return false;
    const long double here = x->approximate / y->approximate;
    if (!ratio) ratio = here;
    if (!equal(Number::inexact(here), Number::inexact(*ratio))) return false;
  }
  return true;
}

bool same_math(std::string_view a, std::string_view b, int depth);

bool same_in_order(const std::vector<std::string>& a, const std::vector<std::string>& b,
                   int depth) {
  return std::ranges::equal(a, b, [depth](const std::string& x, const std::string& y) {
    return same_math(x, y, depth + 1);
  });
}

bool same_in_any_order(const std::vector<std::string>& a, std::vector<std::string> b, int depth) {
  if (a.size() != b.size() || a.size() > 64) return false;
  for (const std::string& wanted : a) {
    const auto found = std::ranges::find_if(
        b, [&](const std::string& other) { return same_math(wanted, other, depth + 1); });
    if (found == b.end()) return false;
    b.erase(found);
  }
  return true;
}

struct Bracketed {
  std::string open, close, inside;
};

// The brackets around all of the text, if there are any.
std::optional<Bracketed> unwrap(std::string_view text) {
  for (const auto& [open, closes] :
       {std::pair<std::string_view, std::string_view>{"\\{", "}"}, {"(", ")]"}, {"[", ")]"}}) {
    if (!text.starts_with(open) || text.size() <= open.size()) continue;
    if (closes.find(text.back()) == std::string_view::npos) continue;
    std::size_t end = text.size() - 1;
    if (open == "\\{") {
      if (text[end - 1] != '\\') continue;
      --end;
    }
    const std::string_view inside = text.substr(open.size(), end - open.size());
    int depth = 0;
    bool whole = true;
    for (const char c : inside) {
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
      whole = whole && depth >= 0;
    }
    if (whole && depth == 0) {
      return Bracketed{std::string(open), std::string(text.substr(end)), std::string(inside)};
    }
  }
  return std::nullopt;
}

// The rows of a matrix, entries parted by &; nothing for anything else.
std::optional<std::vector<std::vector<std::string>>> matrix_of(std::string_view text) {
  const std::size_t begin = text.find("matrix}");
  const std::size_t end = text.rfind("\\end{");
  if (!text.starts_with("\\begin{") || begin == std::string_view::npos ||
      end == std::string_view::npos || end < begin + 7) {
    return std::nullopt;
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::string& row : split(text.substr(begin + 7, end - begin - 7), "\\\\")) {
    if (!row.empty()) rows.push_back(split(row, "&"));
  }
  return rows;
}

std::vector<std::string> expand_plus_minus(std::string_view text) {
  const std::size_t at = text.find("\\pm");
  if (at == std::string_view::npos) return {std::string(text)};
  const std::string before(text.substr(0, at));
  const std::string after(text.substr(at + 3));
  return {before + "+" + after, before + "-" + after};
}

// A list's parts; one expression with a plus-minus sign is a list of two.
std::vector<std::string> parts_of(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts = split(text, separator);
  return parts.size() == 1 && separator == "," ? expand_plus_minus(text) : parts;
}

bool same_math(std::string_view a, std::string_view b, int depth) {
  if (depth > 8 || a.empty() || b.empty()) return false;
  if (same_value(a, b)) return true;
  for (const std::string_view separator : {"\\cup", ","}) {
    const std::vector<std::string> parts = parts_of(a, separator);
    const std::vector<std::string> others = parts_of(b, separator);
    if (parts.size() > 1 || others.size() > 1) return same_in_any_order(parts, others, depth);
  }
  const auto matrix = matrix_of(a);
  const auto other_matrix = matrix_of(b);
  if (matrix && other_matrix) {
    return std::ranges::equal(*matrix, *other_matrix, [&](const auto& x, const auto& y) {
      return same_in_order(x, y, depth);
    });
  }
  const std::vector<std::string> sides = split(a, "=");
  const std::vector<std::string> other_sides = split(b, "=");
  if (sides.size() == 1 && other_sides.size() > 1) {
    return same_math(a, other_sides.back(), depth + 1);
  }
  if (sides.size() == 2 && other_sides.size() == 1 && sides[0].size() <= 4) {
    return same_math(sides[1], b, depth + 1);
  }
  if (sides.size() == 2 && other_sides.size() == 2) return same_equation(sides, other_sides);
  const std::optional<Bracketed> in = unwrap(a);
  const std::optional<Bracketed> other = unwrap(b);
  if (!in || !other || in->open != other->open || in->close != other->close) return false;
  const auto parts = split(in->inside, ",");
  const auto others = split(other->inside, ",");
  return in->open == "\\{" ? same_in_any_order(parts, others, depth)
                           : same_in_order(parts, others, depth);
}

std::string letters_of(const PlainAnswer& answer) {
  std::string result;
  for (const char c : answer.words + answer.math) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (small == '(' || small == ')' || small == ' ' || small == '.' || small == '"') continue;
    result += small;
  }
  return result;
}

bool has_digit(std::string_view text) { return std::ranges::any_of(text, is_digit); }

}  // namespace

bool same_answer(std::string_view reference, std::string_view candidate) {
  if (reference.size() > kLongest || candidate.size() > kLongest) return false;
  const PlainAnswer a = plain_answer(reference);
  const PlainAnswer b = plain_answer(candidate);
  if (same_math(a.math, b.math, 0)) return true;
  if (same_math(without_thousands_separators(a.math), without_thousands_separators(b.math), 0)) {
    return true;
  }
  // Words decide where there is nothing to reckon with: "even", "(A)", "\text{Tuesday}".
  if (has_digit(a.math) || has_digit(b.math)) return false;
  const std::string words = letters_of(a);
  return !words.empty() && words == letters_of(b);
}

}  // namespace frugal::tasks

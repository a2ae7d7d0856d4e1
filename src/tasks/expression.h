// Mathematical expressions in LaTeX or plain text, evaluated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::tasks {

/// A real number: a fraction for as long as 64 bits hold it, and always an approximation.
struct Number {
  bool exact = false;
  std::int64_t numerator = 0;    // lowest terms, when exact
  std::int64_t denominator = 1;  // positive
  long double approximate = 0;

  static Number integer(std::int64_t value);
  static Number inexact(long double value);
};

/// Equal as fractions when both are exact, otherwise within 1e-10 of their size.
bool equal(const Number& a, const Number& b);

/// The value of plain_math() text such as "\frac{3}{4}\sqrt{2}x^2" with numbers of its own for
/// each variable, chosen by `point`: expressions that agree at some points are the same function.
/// Nothing when the text is no expression, nests too deep or has no real value.
std::optional<Number> evaluate(std::string_view text, int point);

/// What a countdown answer uses and gives.
struct WholeNumberExpression {
  std::vector<std::int64_t> numbers;  // in the order of the text
  Number value;
};

/// Of +, -, *, /, brackets and whole numbers alone; anything else gives nothing.
std::optional<WholeNumberExpression> evaluate_whole_numbers(std::string_view text);

}  // namespace frugal::tasks

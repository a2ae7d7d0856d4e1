// The many spellings of one answer, brought to one.
#pragma once

#include <string>
#include <string_view>

namespace frugal::tasks {

/// Digits of other scripts (Arabic-Indic, Persian, fullwidth) and their separators as ASCII.
std::string western_digits(std::string_view text);

/// An answer as mathematics and the words in it.
struct PlainAnswer {
  std::string math;   // what is left of LaTeX: \frac, \sqrt, names, numbers, operators, brackets
  std::string words;  // lower case, single blanks: units, "even", "tuesday"
};

/// Drops what only concerns the looks (\left, \, $ and so on), units, degrees, percent and money
/// signs, and turns Unicode operators, \cdot, \dfrac and the like into plain ones.
PlainAnswer plain_answer(std::string_view text);

/// Without the commas of 1,234,567; those that part a list stay.
std::string without_thousands_separators(std::string_view math);

}  // namespace frugal::tasks

// Whether two answers say the same.
#pragma once

#include <string_view>

namespace frugal::tasks {

/// Compares as mathematics: fractions, decimals, roots, powers and functions by value (at several
/// points where there are variables), equations up to a factor, tuples and intervals in order,
/// sets and bare lists in any order, matrices entry by entry; units, currency, percent and degree
/// signs and LaTeX's looks do not matter, nor do thousands separators and the script of the
/// digits. What is no mathematics is compared as words, without regard to case. The reference may
/// say less than the candidate ("5" for "x = 5"), never the other way round.
bool same_answer(std::string_view reference, std::string_view candidate);

}  // namespace frugal::tasks

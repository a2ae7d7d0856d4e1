// One operation as a pupil writes it down: digit by digit, with what is carried; without words, so
// that it suits every language.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "tasks/generated/generator.h"

namespace frugal::tasks {

namespace {

std::vector<std::int64_t> digits_of(std::int64_t value) {  // lowest first
  std::vector<std::int64_t> digits;
  do {
    digits.push_back(value % 10);
    value /= 10;
  } while (value > 0);
  return digits;
}

std::int64_t digit_at(const std::vector<std::int64_t>& digits, std::size_t i) {
  return i < digits.size() ? digits[i] : 0;
}

// Column by column from the right; each column shows its sum with the carry.
std::string add_columns(std::int64_t a, std::int64_t b) {
  const auto x = digits_of(a);
  const auto y = digits_of(b);
  std::string text = fmt::format("{}+{}:", a, b);
  std::int64_t carry = 0;
  for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
    const std::int64_t sum = digit_at(x, i) + digit_at(y, i) + carry;
    text += fmt::format(" {}+{}{}={}", digit_at(x, i), digit_at(y, i), carry > 0 ? "+1" : "", sum);
    carry = sum / 10;
  }
  return text + fmt::format(" -> {}", a + b);
}

// For a >= b; a column that is too small borrows ten.
std::string subtract_columns(std::int64_t a, std::int64_t b) {
  const auto x = digits_of(a);
  const auto y = digits_of(b);
  std::string text = fmt::format("{}-{}:", a, b);
  std::int64_t borrowed = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::int64_t top = x[i];
    const std::int64_t bottom = digit_at(y, i);
    const bool borrows = top - borrowed < bottom;
    const std::int64_t difference = top - borrowed - bottom + (borrows ? 10 : 0);
    text += fmt::format(" {}{}-{}{}={}", borrows ? "1" : "", top, bottom, borrowed > 0 ? "-1" : "",
                        difference);
    borrowed = borrows ? 1 : 0;
  }
  return text + fmt::format(" -> {}", a - b);
}

std::string multiply_by_digit(std::int64_t a, std::int64_t digit) {
  std::string text = fmt::format("{}*{}:", a, digit);
  std::int64_t carry = 0;
  for (const std::int64_t d : digits_of(a)) {
    const std::int64_t product = d * digit + carry;
    text += carry > 0 ? fmt::format(" {}*{}+{}={}", d, digit, carry, product)
                      : fmt::format(" {}*{}={}", d, digit, product);
    carry = product / 10;
  }
  return text + fmt::format(" -> {}", a * digit);
}

std::string multiply_long(std::int64_t a, std::int64_t b) {
  std::string text;
  std::int64_t sum = 0;
  std::int64_t place = 1;
  for (const std::int64_t digit : digits_of(b)) {
    if (digit > 0) {
      const std::int64_t part = a * digit * place;
      text += multiply_by_digit(a, digit);
      if (place > 1) text += fmt::format(", {}*{}={}", a * digit, place, part);
      text += ". ";
      if (sum > 0) text += add_columns(sum, part) + ". ";
      sum += part;
    }
    place *= 10;
  }
  return text + fmt::format("{}*{}={}", a, b, a * b);
}

}  // namespace

WorkedStep work_out(std::int64_t a, char op, std::int64_t b) {
  std::int64_t value = 0;
  switch (op) {
    case '+':
      value = a + b;
      break;
    case '-':
      value = a - b;
      break;
    case '*':
      value = a * b;
      break;
    default:
      require(b != 0 && a % b == 0, "{} / {} is no whole number", a, b);
      value = a / b;
  }
  const std::string plain = fmt::format("{}{}{}={}", a, op, b, value);
  const bool short_enough = std::abs(a) < 10 && std::abs(b) < 10;
  if (short_enough || a < 0 || b < 0 || op == '/') return {value, plain};
  if (op == '+') return {value, add_columns(a, b)};
  if (op == '-' && a >= b) return {value, subtract_columns(a, b)};
  if (op == '-') return {value, subtract_columns(b, a) + ", " + plain};
  if (b >= 10 && a >= 10) return {value, multiply_long(a, b)};
  return {value, multiply_by_digit(std::max(a, b), std::min(a, b))};
}

}  // namespace frugal::tasks

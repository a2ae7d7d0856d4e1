// Integer arithmetic with one or two operators, and countdown.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tasks/expression.h"
#include "tasks/generated/generator.h"

namespace frugal::tasks {

namespace {

constexpr std::string_view kOperators = "+-*";

struct Operands {
  std::int64_t most;         // of sums and differences
  std::int64_t most_factor;  // the right factor of a product
};

Operands operands_of(Level level) {
  switch (level) {
    case Level::easy:
      return {20, 9};
    case Level::normal:
      return {999, 99};
    case Level::hard:
      return {99999, 999};
  }
  return {20, 9};
}

std::string ask(const Draw& draw, const std::string& expression) {
  constexpr std::array<std::string_view, 3> kForms = {"What is {}?", "Calculate {}.",
                                                      "How much is {}?"};
  return fmt::format(fmt::runtime(draw.choose(kForms)), expression);
}

}  // namespace

Question draw_arithmetic(const Draw& draw) {
  const Operands most = operands_of(draw.level);
  const char op = kOperators[draw.rng.below(kOperators.size())];
  std::int64_t a = draw.between(1, op == '*' && draw.level == Level::easy ? 9 : most.most);
  std::int64_t b = draw.between(1, op == '*' ? most.most_factor : most.most);
  if (op == '-' && draw.level != Level::hard && a < b) std::swap(a, b);
  const WorkedStep first = work_out(a, op, b);
  std::string expression = fmt::format("{} {} {}", a, op, b);
  std::string solution = first.text + ".";
  std::int64_t value = first.value;
  if (draw.level != Level::easy && draw.rng.below(3) == 0) {  // a second operator
    const std::int64_t c = draw.between(2, 9);
    const bool plus = draw.rng.below(2) == 0;
    if (op == '*') {
      expression += fmt::format(" {} {}", plus ? '+' : '-', c);
      const WorkedStep second = work_out(value, plus ? '+' : '-', c);
      solution += " " + second.text + ".";
      value = second.value;
    } else {
      expression = fmt::format("({}) * {}", expression, c);
      const WorkedStep second = work_out(value, '*', c);
      solution += " " + second.text + ".";
      value = second.value;
    }
  }
  Question question;
  question.text = ask(draw, expression);
  question.answer = std::to_string(value);
  question.solution = solution;
  return question;
}

namespace {

struct Term {
  std::int64_t value;
  std::string text;
  bool is_sum = false;  // needs brackets as a factor
};

// Two terms joined by a random operator that keeps to positive whole numbers.
Term join(const Draw& draw, const Term& a, const Term& b) {
  const auto factor = [](const Term& t) { return t.is_sum ? "(" + t.text + ")" : t.text; };
  switch (draw.rng.below(5)) {
    case 0:
      if (a.value * b.value <= 200) {
        return {a.value * b.value, factor(a) + "*" + factor(b), false};
      }
      break;
    case 1:
      if (b.value > 1 && a.value % b.value == 0) {
        const bool product = b.text.find_first_of("*/") != std::string::npos;
        return {a.value / b.value,
                factor(a) + "/" + (product && !b.is_sum ? "(" + b.text + ")" : factor(b)), false};
      }
      break;
    case 2:
    case 3:
      if (a.value > b.value) return {a.value - b.value, a.text + "-" + factor(b), true};
      break;
    default:
      break;
  }
  return {a.value + b.value, a.text + "+" + b.text, true};
}

Term random_expression(const Draw& draw, std::vector<std::int64_t> numbers) {
  std::vector<Term> terms;
  for (const std::int64_t number : numbers) terms.push_back({number, std::to_string(number)});
  while (terms.size() > 1) {
    std::swap(terms[draw.rng.below(terms.size())], terms.back());
    const Term b = terms.back();
    terms.pop_back();
    std::swap(terms[draw.rng.below(terms.size())], terms.back());
    terms.back() = join(draw, terms.back(), b);
  }
  return terms.front();
}

}  // namespace

Question draw_countdown(const Draw& draw) {
  const std::size_t count = draw.level == Level::easy ? 2 : draw.level == Level::normal ? 3 : 4;
  std::vector<std::int64_t> numbers(count);
  for (std::int64_t& number : numbers) number = draw.between(1, draw.level == Level::easy ? 9 : 20);
  const Term wanted = random_expression(draw, numbers);
  std::string tries;  // what a search that does not see the answer at once writes down
  for (std::uint64_t i = draw.rng.below(4); i > 0; --i) {
    const Term other = random_expression(draw, numbers);
    if (other.value == wanted.value) continue;
    tries += fmt::format("{}={} no. ", other.text, other.value);
  }
  Question question;
  question.check = Check::countdown;
  question.text = fmt::format("Use each of the numbers {} once, with + - * /, to make {}.",
                              listed(numbers), wanted.value);
  question.answer = wanted.text;
  question.solution = tries + fmt::format("{}={} yes.", wanted.text, wanted.value);
  return question;
}

}  // namespace frugal::tasks

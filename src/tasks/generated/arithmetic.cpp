// Integer arithmetic with one or two operators.
#include <fmt/format.h>

#include <algorithm>
#include <array>

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

struct Form {
  std::string_view language;
  std::string_view text;
};

// Half of the questions are in English.
constexpr std::array<Form, 8> kForms = {{{"en", "What is {}?"},
                                         {"en", "Calculate {}."},
                                         {"en", "How much is {}?"},
                                         {"en", "{}"},
                                         {"ar", "كم يساوي {}؟"},
                                         {"ar", "احسب {}."},
                                         {"zh", "{}等于多少？"},
                                         {"zh", "计算{}。"}}};

// Training uses no number that is kept back; beyond the easy level the held-out part uses at least
// one.
bool fits_part(const Draw& draw, std::int64_t a, std::int64_t b) {
  const bool kept_back = is_kept_back(a) || is_kept_back(b);
  return draw.level == Level::easy || kept_back == (draw.part == Part::held_out);
}

// As people type it: half of the time with blanks and *, else without blanks, with the sign of
// multiplication, or both.
std::string as_typed(const Draw& draw, std::string expression) {
  const std::uint64_t way = draw.rng.below(6);
  if (way == 3 || way == 4) std::erase(expression, ' ');
  if (way < 4) return expression;
  const std::size_t times = expression.find('*');
  return times == std::string::npos ? expression : expression.replace(times, 1, "×");
}

}  // namespace

bool is_kept_back(std::int64_t number) { return number / 10 % 16 == 7; }

Question draw_arithmetic(const Draw& draw) {
  const Operands most = operands_of(draw.level);
  const char op = kOperators[draw.rng.below(kOperators.size())];
  std::int64_t a = 0;
  std::int64_t b = 0;
  do {
    a = draw.between(1, op == '*' && draw.level == Level::easy ? 9 : most.most);
    b = draw.between(1, op == '*' ? most.most_factor : most.most);
  } while (!fits_part(draw, a, b));
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
  const Form& form = draw.choose(kForms);
  question.language = form.language;
  question.text = fmt::format(fmt::runtime(form.text), as_typed(draw, expression));
  question.answer = std::to_string(value);
  question.solution = solution;
  return question;
}

}  // namespace frugal::tasks

// Countdown: reach a number from others, each used once.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tasks/generated/generator.h"

namespace frugal::tasks {

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
  terms.reserve(numbers.size());
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

// What one of two numbers and another make, the larger first.
std::vector<Term> pairs_of(std::int64_t a, std::int64_t b) {
  const std::int64_t x = std::max(a, b);
  const std::int64_t y = std::min(a, b);
  std::vector<Term> made = {{x + y, fmt::format("{}+{}", x, y), true}};
  if (x > y) made.push_back({x - y, fmt::format("{}-{}", x, y), true});
  made.push_back({x * y, fmt::format("{}*{}", x, y), false});
  if (y > 1 && x % y == 0) made.push_back({x / y, fmt::format("{}/{}", x, y), false});
  return made;
}

// A value that the other two numbers have to make.
struct Need {
  std::int64_t value;
  std::string reckoned;  // "27-20=7"
  std::string whole;     // "X+20": what reaches the goal then
};

// What would reach `wanted` together with `last`.
std::vector<Need> needs_of(std::int64_t wanted, std::int64_t last) {
  constexpr std::int64_t kMost = 400;  // no two numbers up to 20 make more
  std::vector<Need> needs;
  const auto add = [&](std::int64_t value, std::string reckoned, std::string whole) {
    reckoned += fmt::format("={}", value);
    needs.push_back({value, std::move(reckoned), std::move(whole)});
  };
  if (wanted > last)
    add(wanted - last, fmt::format("{}-{}", wanted, last), fmt::format("X+{}", last));
  add(wanted + last, fmt::format("{}+{}", wanted, last), fmt::format("X-{}", last));
  if (last > wanted)
    add(last - wanted, fmt::format("{}-{}", last, wanted), fmt::format("{}-X", last));
  if (last > 1 && wanted % last == 0) {
    add(wanted / last, fmt::format("{}/{}", wanted, last), fmt::format("X*{}", last));
  }
  if (last > 1 && wanted * last <= kMost) {
    add(wanted * last, fmt::format("{}*{}", wanted, last), fmt::format("X/{}", last));
  }
  return needs;
}

std::string with_x(std::string whole, const std::string& x) {
  return whole.replace(whole.find('X'), 1, x);
}

// Backwards: puts each number last in turn, writes down what it needs, and then what the other two
// make until one is needed: "2: 38-2=36 38/2=19 | 18+1=19 yes 19*2=38." Nothing is looked up
// further back than it has to be. Nothing is found where only last / X would do.
struct Search {
  std::string text;
  std::string found;
};

Search search_three(const std::vector<std::int64_t>& numbers, std::int64_t wanted) {
  Search search;
  for (std::size_t k = numbers.size(); k-- > 0;) {
    const auto needs = needs_of(wanted, numbers[k]);
    search.text += fmt::format("{}:", numbers[k]);
    for (const Need& need : needs) search.text += " " + need.reckoned;
    search.text += " |";
    for (const Term& term : pairs_of(numbers[k == 0 ? 1 : 0], numbers[k == 2 ? 1 : 2])) {
      search.text += fmt::format(" {}={}", term.text, term.value);
      const auto need = std::ranges::find(needs, term.value, &Need::value);
      if (need == needs.end()) continue;
      const bool bare = need->whole.starts_with("X+") || need->whole.starts_with("X-");
      search.found = with_x(need->whole, term.is_sum && !bare ? "(" + term.text + ")" : term.text);
      search.text +=
          fmt::format(" yes {}={}.", with_x(need->whole, std::to_string(term.value)), wanted);
      return search;
    }
    search.text += " no. ";
  }
  return search;
}

// What a search that does not see the answer at once writes down.
std::string random_tries(const Draw& draw, const std::vector<std::int64_t>& numbers,
                         std::int64_t wanted) {
  std::string tries;
  for (std::uint64_t i = draw.rng.below(4); i > 0; --i) {
    const Term other = random_expression(draw, numbers);
    if (other.value == wanted) continue;
    tries += fmt::format("{}={} no. ", other.text, other.value);
  }
  return tries;
}

}  // namespace

Question draw_countdown(const Draw& draw) {
  const std::size_t count = draw.level == Level::easy ? 2 : draw.level == Level::normal ? 3 : 4;
  for (;;) {
    std::vector<std::int64_t> numbers(count);
    for (std::int64_t& number : numbers) {
      number = draw.between(1, draw.level == Level::easy ? 9 : 20);
    }
    const Term wanted = random_expression(draw, numbers);
    Question question;
    question.check = Check::countdown;
    question.text = fmt::format("Use each of the numbers {} once, with + - * /, to make {}.",
                                listed(numbers), wanted.value);
    if (count == 3) {
      const Search search = search_three(numbers, wanted.value);
      if (search.found.empty()) continue;
      question.answer = search.found;
      question.solution = search.text;
    } else {
      question.answer = wanted.text;
      question.solution = random_tries(draw, numbers, wanted.value) +
                          fmt::format("{}={} yes.", wanted.text, wanted.value);
    }
    return question;
  }
}

}  // namespace frugal::tasks

// Units, calendar, sorting, lookups and small puzzles.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tasks/generated/generator.h"

namespace frugal::tasks {

namespace {

struct Conversion {
  std::string_view large;
  std::string_view small;
  std::int64_t factor;
};

constexpr std::array<Conversion, 7> kConversions = {{{"hours", "minutes", 60},
                                                     {"minutes", "seconds", 60},
                                                     {"days", "hours", 24},
                                                     {"weeks", "days", 7},
                                                     {"metres", "centimetres", 100},
                                                     {"kilograms", "grams", 1000},
                                                     {"years", "months", 12}}};

constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};

constexpr std::array<std::string_view, 12> kNames = {"Ann", "Ben",  "Cleo", "Dan",  "Eva", "Finn",
                                                     "Gil", "Hana", "Ivo",  "Jade", "Kim", "Leo"};

constexpr std::array<std::string_view, 8> kFruits = {"apple", "pear", "plum",  "fig",
                                                     "grape", "kiwi", "lemon", "melon"};

std::int64_t scaled(Level level, std::int64_t easy, std::int64_t normal, std::int64_t hard) {
  return level == Level::easy ? easy : level == Level::normal ? normal : hard;
}

std::vector<std::int64_t> different_numbers(const Draw& draw, std::size_t count,
                                            std::int64_t most) {
  std::vector<std::int64_t> numbers;
  while (numbers.size() < count) {
    const std::int64_t number = draw.between(1, most);
    if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
  }
  return numbers;
}

template <std::size_t N>
std::vector<std::string_view> different_words(const Draw& draw, std::size_t count,
                                              const std::array<std::string_view, N>& words) {
  std::vector<std::string_view> all(words.begin(), words.end());
  for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + draw.rng.below(N - i)]);
  all.resize(count);
  return all;
}

}  // namespace

std::string listed(std::span<const std::int64_t> numbers) {
  const std::string front = fmt::format("{}", fmt::join(numbers.first(numbers.size() - 1), ", "));
  return fmt::format("{} and {}", front, numbers.back());
}

Question draw_units(const Draw& draw) {
  const Conversion& c = draw.choose(kConversions);
  const std::int64_t large = draw.between(2, scaled(draw.level, 9, 30, 200));
  const std::int64_t small = draw.between(1, c.factor - 1);
  const WorkedStep product = work_out(large, '*', c.factor);
  const WorkedStep sum = work_out(product.value, '+', small);
  Question question;
  question.text =
      fmt::format("How many {} are {} {} and {} {}?", c.small, large, c.large, small, c.small);
  question.answer = std::to_string(sum.value);
  question.solution = product.text + ". " + sum.text + ".";
  return question;
}

namespace {

// Takes whole weeks away, hundreds and tens of them first: "147-2*70=7. 7-1*7=0. "
std::string without_weeks(std::int64_t days) {
  std::string text;
  for (const std::int64_t weeks : {700, 70, 7}) {
    const std::int64_t count = days / weeks;
    if (count == 0) continue;
    text += fmt::format("{}-{}*{}={}. ", days, count, weeks, days % weeks);
    days %= weeks;
  }
  return text;
}

// Puts one number after the other where it belongs: "34: 34. 12: 12, 34."
std::string insertions(const std::vector<std::int64_t>& numbers, bool up) {
  std::vector<std::int64_t> sorted;
  std::string text;
  for (const std::int64_t number : numbers) {
    const auto behind = [&](std::int64_t other) { return up ? other > number : other < number; };
    sorted.insert(std::ranges::find_if(sorted, behind), number);
    text += fmt::format("{}{}: {}.", text.empty() ? "" : " ", number, fmt::join(sorted, ", "));
  }
  return text;
}

}  // namespace

Question draw_calendar(const Draw& draw) {
  const std::size_t start = draw.rng.below(kDays.size());
  const std::int64_t days = draw.between(1, scaled(draw.level, 6, 60, 900));
  const bool after = draw.rng.below(2) == 0;
  Question question;
  question.text = fmt::format("Which day of the week is {} day{} {} {}?", days,
                              days == 1 ? "" : "s", after ? "after" : "before", kDays[start]);
  question.solution = fmt::format("{}{}", without_weeks(days), kDays[start]);
  std::size_t day = start;
  for (std::int64_t i = 1; i <= days % 7; ++i) {
    day = (day + (after ? 1 : kDays.size() - 1)) % kDays.size();
    question.solution += fmt::format(" {} {}", i, kDays[day]);
  }
  question.solution += ".";
  question.answer = kDays[day];
  return question;
}

Question draw_sorting(const Draw& draw) {
  const auto count = static_cast<std::size_t>(scaled(draw.level, 3, 5, 9));
  std::vector<std::int64_t> numbers =
      different_numbers(draw, count, scaled(draw.level, 20, 99, 999));
  const bool up = draw.rng.below(2) == 0;
  Question question;
  question.check = Check::sequence;
  question.text = fmt::format("Sort the numbers {} from {}.", fmt::join(numbers, ", "),
                              up ? "smallest to largest" : "largest to smallest");
  question.solution = insertions(numbers, up);
  std::ranges::sort(numbers);
  if (!up) std::ranges::reverse(numbers);
  question.answer = fmt::format("{}", fmt::join(numbers, ", "));
  return question;
}

Question draw_lookup(const Draw& draw) {
  const auto count = static_cast<std::size_t>(scaled(draw.level, 3, 5, 8));
  const auto words = different_words(draw, count, kFruits);
  const auto prices = different_numbers(draw, count, scaled(draw.level, 20, 99, 999));
  const std::size_t first = draw.rng.below(count);
  const std::size_t second = (first + 1 + draw.rng.below(count - 1)) % count;
  std::string list;
  for (std::size_t i = 0; i < count; ++i) {
    list += fmt::format("{}{} {}", i == 0 ? "" : ", ", words[i], prices[i]);
  }
  Question question;
  question.text = fmt::format("Prices: {}. How much are one {} and one {} together?", list,
                              words[first], words[second]);
  const WorkedStep sum = work_out(prices[first], '+', prices[second]);
  question.answer = std::to_string(sum.value);
  // In the words of the list, so that the price is what comes next.
  question.solution = fmt::format("{} {}, {} {}. {}.", words[first], prices[first], words[second],
                                  prices[second], sum.text);
  return question;
}

Question draw_logic(const Draw& draw) {
  const auto count = static_cast<std::size_t>(scaled(draw.level, 3, 4, 6));
  const auto names = different_words(draw, count, kNames);  // the tallest first
  std::vector<std::string> facts;
  std::vector<std::string> chain(names.begin(), names.end());
  for (std::size_t i = 0; i + 1 < count; ++i) {
    facts.push_back(draw.rng.below(2) == 0
                        ? fmt::format("{} is taller than {}.", names[i], names[i + 1])
                        : fmt::format("{} is shorter than {}.", names[i + 1], names[i]));
  }
  for (std::size_t i = facts.size() - 1; i > 0; --i) {
    std::swap(facts[i], facts[draw.rng.below(i + 1)]);
  }
  const bool tallest = draw.rng.below(2) == 0;
  Question question;
  question.text =
      fmt::format("{} Who is the {}?", fmt::join(facts, " "), tallest ? "tallest" : "shortest");
  question.answer = tallest ? names.front() : names.back();
  question.solution = fmt::format("{}. The {} is {}.", fmt::join(chain, " > "),
                                  tallest ? "first" : "last", question.answer);
  return question;
}

}  // namespace frugal::tasks

#include "tasks/generated/generator.h"

namespace frugal::tasks {

std::int64_t Draw::between(std::int64_t least, std::int64_t most) const {
  return least + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most - least + 1)));
}

std::span<const KnownFamily> known_families() {
  static constexpr KnownFamily kFamilies[] = {
      {"arithmetic", "whole numbers with + - *, one or two operators", draw_arithmetic},
      {"countdown", "reach a number from 3 others (easy 2, hard 4), each used once",
       draw_countdown},
      {"words-en", "word problems of several steps in English", draw_english_problem},
      {"words-ar", "the same in Arabic, half of them in Arabic-Indic digits", draw_arabic_problem},
      {"words-zh", "the same in Chinese", draw_chinese_problem},
      {"plain-en", "short problems in plain English, as people type them", draw_plain_english},
      {"plain-ar", "the same in Arabic, half of them in Arabic-Indic digits", draw_plain_arabic},
      {"plain-zh", "the same in Chinese", draw_plain_chinese},
      {"units", "hours in minutes, metres in centimetres and the like", draw_units},
      {"calendar", "days of the week", draw_calendar},
      {"sorting", "put numbers in order", draw_sorting},
      {"lookup", "add two prices of a list", draw_lookup},
      {"logic", "who is the tallest", draw_logic},
  };
  return kFamilies;
}

}  // namespace frugal::tasks

// What the families of generated questions share.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "tasks/task.h"

namespace frugal::tasks {

enum class Level { easy, normal, hard };

/// What one question is drawn from.
struct Draw {
  Rng& rng;
  Level level;
  Part part;

  std::int64_t between(std::int64_t least, std::int64_t most) const;
  /// One of an array.
  template <typename Items>
  const auto& choose(const Items& items) const {
    return items[rng.below(items.size())];
  }
};

/// Whether a number is one of the tens that sums tell in the held-out part alone: 70 to 79, 230 to
/// 239 and so on.
bool is_kept_back(std::int64_t number);

/// Fills everything but the id.
using Generator = Question (*)(const Draw& draw);

struct KnownFamily {
  std::string_view name;
  std::string_view description;
  Generator generator;
};

std::span<const KnownFamily> known_families();

Question draw_arithmetic(const Draw& draw);
Question draw_countdown(const Draw& draw);
Question draw_english_problem(const Draw& draw);
Question draw_arabic_problem(const Draw& draw);
Question draw_chinese_problem(const Draw& draw);
Question draw_plain_english(const Draw& draw);
Question draw_plain_arabic(const Draw& draw);
Question draw_plain_chinese(const Draw& draw);
Question draw_units(const Draw& draw);
Question draw_calendar(const Draw& draw);
Question draw_sorting(const Draw& draw);
Question draw_lookup(const Draw& draw);
Question draw_logic(const Draw& draw);

/// a (op) b for op one of + - * /, worked digit by digit where it is long. Division has to be
/// exact.
struct WorkedStep {
  std::int64_t value;
  std::string text;  // "347*28: 347*20=6940 347*8=2776 ..."
};
WorkedStep work_out(std::int64_t a, char op, std::int64_t b);

/// A program such as "C-A*2" or "(A+B)/C" step by step, letters standing for `numbers` from A on;
/// nothing when a step goes below zero or leaves whole numbers. Throws Error where it cannot be
/// read.
std::optional<WorkedStep> work_through(std::string_view program,
                                       std::span<const std::int64_t> numbers);

/// "3, 5 and 8".
std::string listed(std::span<const std::int64_t> numbers);

}  // namespace frugal::tasks

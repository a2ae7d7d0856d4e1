// From a template of sentences.h to what a problem tells.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tasks/generated/generator.h"
#include "tasks/generated/sentences.h"

namespace frugal::tasks {

using Numbers = std::array<std::int64_t, 5>;  // A to E

/// A thing in the forms of Noun.
struct Thing {
  std::string name;
  std::string counted;
  std::string few;
};

/// Who and what a problem is about.
struct Cast {
  Thing things;
  Thing others;
  std::string person;
  std::string other_person;
  bool person_is_woman;
  bool other_person_is_woman;
};

/// One of each "[a|b]", of which none holds another.
std::string with_choices_made(const Draw& draw, std::string_view text);

/// A template without choices, every {..} and <..> filled in. Throws Error naming a hole that is
/// none of those in sentences.h.
std::string tell(std::string_view text, std::string_view language, const Numbers& numbers,
                 const Cast& cast);

}  // namespace frugal::tasks

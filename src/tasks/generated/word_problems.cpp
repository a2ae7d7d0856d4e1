// Multi-step problems in three languages.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/hash.h"
#include "tasks/generated/generator.h"
#include "tasks/generated/made_up.h"
#include "tasks/generated/sentences.h"
#include "tasks/generated/telling.h"

namespace frugal::tasks {

namespace {

// How the problems of a family are drawn.
struct Manner {
  std::uint64_t stories_in_four;     // whole stories among four problems
  std::array<std::int64_t, 3> most;  // number at each level
  bool is_plain;                     // with made-up words now and then
};
constexpr Manner kSteps = {1, {9, 30, 400}, false};
constexpr Manner kPlain = {2, {12, 99, 999}, true};

// What is told, with the names of numbers, people and things still open.
struct Skeleton {
  std::string text;
  std::string program;
  std::span<const Noun> things;
};

std::string in_arabic_digits(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      result += '\xD9';
      result += static_cast<char>(0xA0 + (c - '0'));
    } else {
      result += c;
    }
  }
  return result;
}

bool is_number(char c) { return c >= 'A' && c <= 'E'; }

// The first number that a program leaves unused; a first change is of {C} at least.
char next_number(std::string_view program) {
  char last = 'B';
  for (const char c : program) {
    if (is_number(c)) last = std::max(last, c);
  }
  return static_cast<char>(last + 1);
}

// A change is written of {C} and {D}; this tells it of the numbers from `first` on.
void append_change(Skeleton& skeleton, std::string_view join, std::string text, std::string program,
                   char first) {
  const auto renumber = [&](char& c) { c = static_cast<char>(c - 'C' + first); };
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == '{' && is_number(text[i + 1])) renumber(text[i + 1]);
  }
  for (char& c : program) {
    if (is_number(c)) renumber(c);
  }
  skeleton.text += join;
  skeleton.text += text;
  skeleton.program += program;
}

Skeleton draw_composed(const Draw& draw, const Language& language) {
  const std::string_view blank = language.code == "zh" ? "" : " ";
  const std::string_view stop = language.code == "zh" ? "。" : ".";
  const Scene& scene = draw.choose(language.scenes);
  const Sentence& beginning = draw.choose(scene.beginnings);
  Skeleton skeleton{with_choices_made(draw, beginning.text), std::string(beginning.program),
                    scene.things.empty() ? language.things : scene.things};
  const bool is_whole = beginning.program.size() > 3;  // two operators need no change
  for (std::uint64_t count = draw.rng.below(2) + (is_whole ? 0 : 1); count > 0; --count) {
    const Sentence& change = draw.choose(scene.changes);
    const char first = next_number(skeleton.program);
    if (first + change.program.size() / 2 - 1 > 'E') break;
    append_change(skeleton, scene.joins.empty() ? blank : draw.choose(scene.joins),
                  with_choices_made(draw, change.text), std::string(change.program), first);
  }
  if (!scene.joins.empty()) skeleton.text += stop;
  skeleton.text += blank;
  skeleton.text += with_choices_made(draw, draw.choose(scene.questions));
  return skeleton;
}

// One composition in eight is for the held-out part alone, and so are the held-out stories.
Skeleton draw_skeleton(const Draw& draw, const Language& language, const Manner& manner) {
  const bool held_out = draw.part == Part::held_out;
  if (held_out ? draw.rng.below(2) == 0 : draw.rng.below(4) < manner.stories_in_four) {
    const Sentence& story = draw.choose(held_out ? language.held_out_stories : language.stories);
    return {with_choices_made(draw, story.text), std::string(story.program), language.things};
  }
  for (;;) {
    Skeleton skeleton = draw_composed(draw, language);
    if ((Rng(fnv1a(skeleton.text)).below(8) == 0) == held_out) return skeleton;
  }
}

// Two different ones below `count`; the second is the first where there is no other.
std::pair<std::size_t, std::size_t> two_of(const Draw& draw, std::size_t count) {
  const std::size_t first = draw.rng.below(count);
  if (count == 1) return {first, first};
  return {first, (first + 1 + draw.rng.below(count - 1)) % count};
}

Cast draw_cast(const Draw& draw, const Language& language, std::span<const Noun> things) {
  const std::size_t women = language.women.size();
  const auto name = [&](std::size_t i) {
    return std::string(i < women ? language.women[i] : language.men[i - women]);
  };
  const auto thing = [&](std::size_t i) {
    const Noun& noun = things[i];
    return Thing{std::string(noun.name), std::string(noun.counted), std::string(noun.few)};
  };
  const auto [one, other] = two_of(draw, women + language.men.size());
  const auto [first, second] = two_of(draw, things.size());
  return {.things = thing(first),
          .others = thing(second),
          .person = name(one),
          .other_person = name(other),
          .person_is_woman = one < women,
          .other_person_is_woman = other < women};
}

// Now and then somebody and something that nobody ever heard of.
void make_up_words(const Draw& draw, std::string_view language, Cast& cast) {
  if (draw.rng.below(6) == 0) cast.person = make_up_name(draw, language);
  if (draw.rng.below(6) == 0) cast.other_person = make_up_name(draw, language);
  if (draw.rng.below(8) == 0) cast.things = make_up_thing(draw, language);
  if (draw.rng.below(8) == 0) cast.others = make_up_thing(draw, language);
}

// Small numbers are as frequent as large ones. Arabic has a form of its own for two things, which
// needs no number; nor have 101 and 102 one that is simple. What sums keep back is kept back here.
Numbers draw_numbers(const Draw& draw, const Language& language, const Manner& manner) {
  const std::int64_t most = manner.most[static_cast<std::size_t>(draw.level)];
  const auto is_left_out = [&](std::int64_t number) {
    const bool has_form_of_its_own = language.code == "ar" && number % 100 < 3;
    return has_form_of_its_own || (draw.part == Part::training && is_kept_back(number));
  };
  Numbers numbers{};
  for (std::int64_t& number : numbers) {
    const bool small = manner.is_plain && draw.rng.below(2) == 0;
    do {
      number = draw.between(2, small ? std::min<std::int64_t>(most, 20) : most);
    } while (manner.is_plain && is_left_out(number));
  }
  return numbers;
}

Question draw_problem(const Draw& draw, const Language& language, const Manner& manner) {
  const std::int64_t most = manner.most[static_cast<std::size_t>(draw.level)];
  for (;;) {
    const Skeleton skeleton = draw_skeleton(draw, language, manner);
    const Numbers numbers = draw_numbers(draw, language, manner);
    const std::optional<WorkedStep> worked = work_through(skeleton.program, numbers);
    // People's answers are not much larger than what they tell.
    if (!worked || (manner.is_plain && worked->value > 10 * most)) continue;
    Cast cast = draw_cast(draw, language, skeleton.things);
    if (manner.is_plain) make_up_words(draw, language.code, cast);
    Question question;
    question.text = tell(skeleton.text, language.code, numbers, cast);
    question.language = language.code;
    question.answer = std::to_string(worked->value);
    question.solution = worked->text;
    return question;
  }
}

// Half of them in Arabic-Indic digits, the answer too.
Question in_either_digits(const Draw& draw, Question question) {
  if (draw.rng.below(2) == 0) {
    question.text = in_arabic_digits(question.text);
    question.answer = in_arabic_digits(question.answer);
  }
  return question;
}

}  // namespace

Question draw_english_problem(const Draw& draw) {
  return draw_problem(draw, english_sentences(), kSteps);
}
Question draw_chinese_problem(const Draw& draw) {
  return draw_problem(draw, chinese_sentences(), kSteps);
}
Question draw_arabic_problem(const Draw& draw) {
  return in_either_digits(draw, draw_problem(draw, arabic_sentences(), kSteps));
}

Question draw_plain_english(const Draw& draw) {
  return draw_problem(draw, plain_english_sentences(), kPlain);
}
Question draw_plain_chinese(const Draw& draw) {
  return draw_problem(draw, plain_chinese_sentences(), kPlain);
}
Question draw_plain_arabic(const Draw& draw) {
  return in_either_digits(draw, draw_problem(draw, plain_arabic_sentences(), kPlain));
}

}  // namespace frugal::tasks

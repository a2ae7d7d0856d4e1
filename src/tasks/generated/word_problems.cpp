// Multi-step problems in three languages.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/hash.h"
#include "tasks/generated/generator.h"
#include "tasks/generated/sentences.h"

namespace frugal::tasks {

namespace {

using Numbers = std::array<std::int64_t, 5>;  // A to E

// What is told, with the names of numbers, people and things still open.
struct Skeleton {
  std::string text;
  std::string program;
  std::span<const std::string_view> things;
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

// One of each "[a|b]", of which none holds another.
std::string with_choices_made(const Draw& draw, std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t open = text.find('[');
    if (open == std::string_view::npos) return result += text;
    const std::size_t close = text.find(']', open);
    result += text.substr(0, open);
    std::string_view choices = text.substr(open + 1, close - open - 1);
    text.remove_prefix(close + 1);
    const auto bars = static_cast<std::uint64_t>(std::ranges::count(choices, '|'));
    for (std::uint64_t skip = draw.rng.below(bars + 1); skip > 0; --skip) {
      choices.remove_prefix(choices.find('|') + 1);
    }
    result += choices.substr(0, choices.find('|'));
  }
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
void append_change(Skeleton& skeleton, const std::string& blank, std::string text,
                   std::string program, char first) {
  const auto renumber = [&](char& c) { c = static_cast<char>(c - 'C' + first); };
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == '{' && text[i + 2] == '}' && is_number(text[i + 1])) renumber(text[i + 1]);
  }
  for (char& c : program) {
    if (is_number(c)) renumber(c);
  }
  skeleton.text += blank + text;
  skeleton.program += program;
}

Skeleton draw_composed(const Draw& draw, const Language& language) {
  const std::string blank = language.code == "zh" ? "" : " ";
  const Scene& scene = draw.choose(language.scenes);
  const Sentence& beginning = draw.choose(scene.beginnings);
  Skeleton skeleton{with_choices_made(draw, beginning.text), std::string(beginning.program),
                    scene.things.empty() ? language.things : scene.things};
  const bool is_whole = beginning.program.size() > 3;  // two operators need no change
  for (std::uint64_t count = draw.rng.below(2) + (is_whole ? 0 : 1); count > 0; --count) {
    const Sentence& change = draw.choose(scene.changes);
    const char first = next_number(skeleton.program);
    if (first + change.program.size() / 2 - 1 > 'E') break;
    append_change(skeleton, blank, with_choices_made(draw, change.text),
                  std::string(change.program), first);
  }
  skeleton.text += blank + with_choices_made(draw, draw.choose(scene.questions));
  return skeleton;
}

// One composition in eight is for the held-out part alone, and so are the held-out stories.
Skeleton draw_skeleton(const Draw& draw, const Language& language) {
  const bool held_out = draw.part == Part::held_out;
  if (draw.rng.below(held_out ? 2 : 4) == 0) {
    const Sentence& story = draw.choose(held_out ? language.held_out_stories : language.stories);
    return {with_choices_made(draw, story.text), std::string(story.program), language.things};
  }
  for (;;) {
    Skeleton skeleton = draw_composed(draw, language);
    if ((Rng(fnv1a(skeleton.text)).below(8) == 0) == held_out) return skeleton;
  }
}

// The steps of a program such as "A+B*C", from left to right; nothing when one goes below zero.
std::optional<WorkedStep> run(std::string_view program, const Numbers& numbers) {
  const auto number = [&](char c) { return numbers[static_cast<std::size_t>(c - 'A')]; };
  WorkedStep result{number(program[0]), ""};
  for (std::size_t i = 1; i + 1 < program.size(); i += 2) {
    const WorkedStep step = work_out(result.value, program[i], number(program[i + 1]));
    if (step.value < 0) return std::nullopt;
    result.value = step.value;
    result.text += (result.text.empty() ? "" : " ") + step.text + ".";
  }
  return result;
}

Question draw_problem(const Draw& draw, const Language& language) {
  const std::int64_t most = draw.level == Level::easy ? 9 : draw.level == Level::normal ? 30 : 400;
  for (;;) {
    const Skeleton skeleton = draw_skeleton(draw, language);
    Numbers numbers{};
    for (std::int64_t& value : numbers) value = draw.between(2, most);
    const std::size_t name = draw.rng.below(language.names.size());
    const std::size_t other =
        (name + 1 + draw.rng.below(language.names.size() - 1)) % language.names.size();
    const std::optional<WorkedStep> worked = run(skeleton.program, numbers);
    if (!worked) continue;
    Question question;
    question.language = language.code;
    question.text = fmt::format(
        fmt::runtime(skeleton.text), fmt::arg("A", numbers[0]), fmt::arg("B", numbers[1]),
        fmt::arg("C", numbers[2]), fmt::arg("D", numbers[3]), fmt::arg("E", numbers[4]),
        fmt::arg("N", language.names[name]), fmt::arg("M", language.names[other]),
        fmt::arg("T", draw.choose(skeleton.things)));
    question.answer = std::to_string(worked->value);
    question.solution = worked->text;
    return question;
  }
}

}  // namespace

Question draw_english_problem(const Draw& draw) { return draw_problem(draw, english_sentences()); }
Question draw_chinese_problem(const Draw& draw) { return draw_problem(draw, chinese_sentences()); }

// Half of them in Arabic-Indic digits, the answer too.
Question draw_arabic_problem(const Draw& draw) {
  const bool indic = draw.rng.below(2) == 0;
  Question question = draw_problem(draw, arabic_sentences());
  if (indic) {
    question.text = in_arabic_digits(question.text);
    question.answer = in_arabic_digits(question.answer);
  }
  return question;
}

}  // namespace frugal::tasks

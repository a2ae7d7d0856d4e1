// Multi-step problems in three languages.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "base/hash.h"
#include "tasks/generated/generator.h"
#include "tasks/generated/sentences.h"

namespace frugal::tasks {

namespace {

using Numbers = std::array<std::int64_t, 4>;  // A to D

// What is told, with the names of numbers, people and things still open.
struct Skeleton {
  std::string text;
  std::string program;
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

// A second change is of {D}.
std::string with_d(std::string_view text) {
  std::string result(text);
  if (const std::size_t at = result.find("{C}"); at != std::string::npos) result[at + 1] = 'D';
  return result;
}

Skeleton draw_composed(const Draw& draw, const Language& language) {
  const std::string blank = language.code == "zh" ? "" : " ";
  const Scene& scene = draw.choose(language.scenes);
  const Sentence& beginning = draw.choose(scene.beginnings);
  const Sentence& change = draw.choose(scene.changes);
  Skeleton skeleton{std::string(beginning.text) + blank + std::string(change.text),
                    std::string(beginning.program) + std::string(change.program)};
  if (draw.rng.below(2) == 0) {
    const Sentence& second = draw.choose(scene.changes);
    skeleton.text += blank + with_d(second.text);
    skeleton.program += std::string(1, second.program[0]) + "D";
  }
  skeleton.text += blank + std::string(draw.choose(scene.questions));
  return skeleton;
}

// One composition in eight is for the held-out part alone, and so are the held-out stories.
Skeleton draw_skeleton(const Draw& draw, const Language& language) {
  const bool held_out = draw.part == Part::held_out;
  if (draw.rng.below(held_out ? 2 : 4) == 0) {
    const Sentence& story = draw.choose(held_out ? language.held_out_stories : language.stories);
    return {std::string(story.text), std::string(story.program)};
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
        fmt::arg("C", numbers[2]), fmt::arg("D", numbers[3]), fmt::arg("N", language.names[name]),
        fmt::arg("M", language.names[other]), fmt::arg("T", draw.choose(language.things)));
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

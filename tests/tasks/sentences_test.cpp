// The sentences of word problems: each reckons with what it tells, in forms that suit.
#include "tasks/generated/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/error.h"
#include "tasks/expression.h"
#include "tasks/generated/made_up.h"
#include "tasks/generated/telling.h"
#include "tasks/latex.h"
#include "tasks/task.h"

namespace frugal::tasks {
namespace {

struct LanguageCase {
  const char* task;
  const Language& language;
};
const std::vector<LanguageCase>& languages() {
  static const std::vector<LanguageCase> kCases = {
      {"words-en", english_sentences()},      {"words-ar", arabic_sentences()},
      {"words-zh", chinese_sentences()},      {"plain-en", plain_english_sentences()},
      {"plain-ar", plain_arabic_sentences()}, {"plain-zh", plain_chinese_sentences()}};
  return kCases;
}

void expect_told(std::string_view text, std::string_view program) {
  for (const char number : {'A', 'B', 'C', 'D', 'E'}) {
    EXPECT_EQ(text.find(std::string("{") + number) != std::string_view::npos,
              program.find(number) != std::string_view::npos)
        << text << " " << program;
  }
  for (const char* pair : {"[]", "{}", "<>"}) {
    EXPECT_EQ(std::ranges::count(text, pair[0]), std::ranges::count(text, pair[1])) << text;
  }
}

TEST(Sentences, TellTheNumbersOfTheirPrograms) {
  for (const auto& [name, language] : languages()) {
    for (const Scene& scene : language.scenes) {
      for (const Sentence& s : scene.beginnings) expect_told(s.text, s.program);
      for (const Sentence& s : scene.changes) {
        expect_told(s.text, s.program);
        EXPECT_TRUE(s.program[0] == '+' || s.program[0] == '-') << s.text;
        EXPECT_NE(s.program.find('C'), std::string_view::npos) << s.text;
      }
      for (const std::string_view question : scene.questions) expect_told(question, "");
    }
    for (const Sentence& s : language.stories) expect_told(s.text, s.program);
    for (const Sentence& s : language.held_out_stories) expect_told(s.text, s.program);
  }
}

// In each way that a problem can be told.
TEST(Sentences, LeaveNothingOpen) {
  for (const auto& [name, language] : languages()) {
    const auto task = open_task(name, Part::training, 2);
    for (int i = 0; i < 20000; ++i) {
      const std::string text = task->question(i).text;
      EXPECT_EQ(text.find_first_of("[]{}<>|"), std::string::npos) << text;
      EXPECT_EQ(text.find("  "), std::string::npos) << text;
      for (const char* wrong :
           {" .", " ,", " ?", "..", ",,", "。。", "，，", "，。", " ؟", " ،", "،،"}) {
        EXPECT_EQ(text.find(wrong), std::string::npos) << text;
      }
    }
  }
}

TEST(Sentences, HaveAnAnswerThatTheStepsReach) {
  for (const auto& [name, language] : languages()) {
    const auto task = open_task(name, Part::training, 3);
    for (int i = 0; i < 500; ++i) {
      const Question q = task->question(i);
      EXPECT_TRUE(q.solution.ends_with(western_digits(q.answer) + ".")) << q.text << q.solution;
    }
  }
}

constexpr Numbers kNumbers = {7, 12, 103, 20, 5};
const Cast kCast = {.things = {"pens", "pen", "few"},
                    .others = {"cups", "cup", "few cups"},
                    .person = "Sara",
                    .other_person = "Ali",
                    .person_is_woman = true,
                    .other_person_is_woman = false};

TEST(Telling, FillsEveryHole) {
  EXPECT_EQ(tell("{N} gave {A T} and a {u} to {M}, <he|she> said; <M:he|she> has {B}.", "en",
                 kNumbers, kCast),
            "Sara gave 7 pens and a cup to Ali, she said; he has 12.");
  EXPECT_EQ(tell("{A T}{B U}{t}", "zh", kNumbers, kCast), "7penpens12cupcupspen");
}

// 3 to 10 take one form and 11 to 99 the other, and hundreds count by what is above them.
TEST(Telling, CountsInArabic) {
  EXPECT_EQ(tell("{A T} {B T} {C T}", "ar", kNumbers, kCast), "7 few 12 pen 103 few");
  EXPECT_EQ(tell("{A:كتب|كتابا} {B:كتب|كتابا}", "ar", kNumbers, kCast), "7 كتب 12 كتابا");
}

TEST(Telling, UnknownHolesAreErrors) {
  for (const char* text : {"{X}", "{A V}", "{A:few}", "<he>", "{N"}) {
    EXPECT_THROW(tell(text, "en", kNumbers, kCast), Error) << text;
  }
}

TEST(Telling, MakesEachChoice) {
  Rng rng(1);
  const Draw draw{rng, Level::normal, Part::training};
  std::set<std::string> told;
  for (int i = 0; i < 100; ++i) told.insert(with_choices_made(draw, "a[ b|{A:x|y}|] <c|d>[|e]"));
  EXPECT_THAT(told, ::testing::UnorderedElementsAre("a b <c|d>", "a b <c|d>e", "a{A:x|y} <c|d>",
                                                    "a{A:x|y} <c|d>e", "a <c|d>", "a <c|d>e"));
}

TEST(WorkedProgram, AgreesWithTheExpression) {
  for (const char* program : {"A+B*2", "(A+B)*C", "C-A*B", "A*B+C*D", "(C-A)/E", "A*B*2-C+D"}) {
    Rng rng(5);
    int whole = 0;
    for (int i = 0; i < 300; ++i) {
      Numbers numbers{};
      std::string expression = program;
      for (std::size_t n = 0; n < numbers.size(); ++n) {
        numbers[n] = static_cast<std::int64_t>(rng.below(30)) + 1;
        const std::size_t at = expression.find(static_cast<char>('A' + n));
        if (at != std::string::npos) expression.replace(at, 1, std::to_string(numbers[n]));
      }
      const auto worked = work_through(program, numbers);
      if (!worked) continue;
      ++whole;
      const auto value = evaluate(expression, 0);
      const auto own = evaluate(std::to_string(worked->value), 0);
      EXPECT_TRUE(value && own && equal(*value, *own)) << expression << " " << worked->value;
    }
    EXPECT_GT(whole, 10) << program;
  }
}

TEST(WorkedProgram, StopsBelowZeroAndAtFractions) {
  EXPECT_FALSE(work_through("A-B", kNumbers));
  EXPECT_FALSE(work_through("A-B+C", kNumbers));
  EXPECT_FALSE(work_through("B/A", kNumbers));
  EXPECT_EQ(work_through("(A+E)/2", kNumbers)->value, 6);
  EXPECT_THROW(work_through("A+", kNumbers), Error);
  EXPECT_THROW(work_through("(A+B", kNumbers), Error);
  EXPECT_THROW(work_through("A B", kNumbers), Error);
}

TEST(MadeUp, WordsAreOfTheirLanguage) {
  Rng rng(1);
  const Draw draw{rng, Level::normal, Part::training};
  std::set<std::string> words;
  for (int i = 0; i < 200; ++i) {
    const Thing english = make_up_thing(draw, "en");
    EXPECT_EQ(english.name, english.counted + "s");
    const Thing arabic = make_up_thing(draw, "ar");
    EXPECT_EQ(arabic.name, "ال" + arabic.few);
    EXPECT_EQ(arabic.counted, arabic.few + "ا");
    const Thing chinese = make_up_thing(draw, "zh");
    EXPECT_EQ(chinese.name.size(), 6U);  // two characters of three bytes
    words.insert({english.name, arabic.name, chinese.name, make_up_name(draw, "en")});
  }
  EXPECT_GT(words.size(), 600U);
}

}  // namespace
}  // namespace frugal::tasks

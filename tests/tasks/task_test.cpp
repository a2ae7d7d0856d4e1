// Generated questions: their references verify, their worked steps are right, the parts share none.
#include "tasks/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "tasks/expression.h"
#include "tasks/generated/generator.h"
#include "tasks/generated/sentences.h"
#include "tasks/latex.h"

namespace frugal::tasks {
namespace {

class EveryFamily : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryFamily, ReferencesVerifyAndOthersDoNot) {
  for (const char* level : {":easy", ":normal", ":hard"}) {
    const auto task = open_task(GetParam() + level, Part::training, 7);
    EXPECT_FALSE(task->size());
    int others = 0;
    for (int i = 0; i < 200; ++i) {
      const Question q = task->question(i);
      EXPECT_TRUE(is_right_answer(q, q.answer)) << q.text << " " << q.answer;
      EXPECT_TRUE(is_right(
          q, split_reply("", "<think>" + q.solution + "</think>\\boxed{" + q.answer + "}")))
          << q.text << " " << q.answer;
      EXPECT_FALSE(is_right(q, split_reply("", q.text))) << q.text;
      EXPECT_FALSE(q.solution.empty());
      const Question other = task->question(i + 1);
      const bool differs = western_digits(other.answer) != western_digits(q.answer);
      if (differs && GetParam() != "countdown") others += is_right_answer(q, other.answer) ? 1 : 0;
    }
    EXPECT_EQ(others, 0) << GetParam() << level;
  }
}

TEST_P(EveryFamily, PartsShareNoQuestionWhateverTheSeed) {
  std::set<std::string> training;
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto task = open_task(GetParam(), Part::training, seed);
    for (int i = 0; i < 300; ++i) training.insert(task->question(i).text);
  }
  const auto held_out = open_task(GetParam(), Part::held_out, 1);
  for (int i = 0; i < 300; ++i) EXPECT_FALSE(training.contains(held_out->question(i).text));
}

TEST_P(EveryFamily, AQuestionDependsOnSeedAndIndexAlone) {
  const auto a = open_task(GetParam(), Part::training, 5);
  const auto b = open_task(GetParam(), Part::training, 5);
  const auto c = open_task(GetParam(), Part::training, 6);
  b->question(3);
  EXPECT_EQ(a->question(11).text, b->question(11).text);
  EXPECT_EQ(a->question(11).id, GetParam() + ":11");
  std::set<std::string> texts;
  for (int i = 0; i < 50; ++i) texts.insert(a->question(i).text);
  EXPECT_GT(texts.size(), 30U);
  EXPECT_NE(a->question(0).text + a->question(1).text, c->question(0).text + c->question(1).text);
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) names.push_back(family.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Tasks, EveryFamily, ::testing::ValuesIn(family_names()),
                         [](const auto& family) {
                           std::string name = family.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Every "expression=number" in worked steps has to hold; the expression is evaluated apart.
TEST(WorkedSteps, EveryEquationHolds) {
  Rng rng(3);
  for (int i = 0; i < 3000; ++i) {
    const std::int64_t range = i % 3 == 0 ? 9 : i % 3 == 1 ? 999 : 99999;
    const auto a = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(range)) + 1);
    const auto b = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(range)) + 1);
    const char op = "+-*"[i % 3];
    const WorkedStep step = work_out(a, op, b);
    const auto direct = evaluate(std::to_string(a) + op + std::to_string(b), 0);
    ASSERT_TRUE(direct);
    EXPECT_EQ(direct->numerator, step.value);
    for (std::size_t at = step.text.find('='); at != std::string::npos;
         at = step.text.find('=', at + 1)) {
      const std::size_t begin = step.text.find_last_of(" .,:", at) + 1;
      std::size_t end = step.text.find_first_of(" .,:", at);
      if (end == std::string::npos) end = step.text.size();
      const auto left = evaluate(step.text.substr(begin, at - begin), 0);
      const auto right = evaluate(step.text.substr(at + 1, end - at - 1), 0);
      ASSERT_TRUE(left && right) << step.text;
      EXPECT_TRUE(equal(*left, *right)) << step.text;
    }
  }
}

// What a problem tells, without the numbers, people and things in it.
std::string skeleton_of(const std::string& text, const Language& language) {
  std::string told;
  for (const char c : western_digits(text)) {
    if (c < '0' || c > '9') told += c;
  }
  std::vector<std::string_view> words = language.women;
  words.insert(words.end(), language.men.begin(), language.men.end());
  for (const Noun& thing : language.things) words.push_back(thing.name);
  for (const Scene& scene : language.scenes) {
    for (const Noun& thing : scene.things) words.push_back(thing.name);
  }
  for (const std::string_view word : words) {
    for (std::size_t at = 0; (at = told.find(word, at)) != std::string::npos;) {
      told.erase(at, word.size());
    }
  }
  return told;
}

// The sentences of a skeleton, questions included.
std::vector<std::string> sentences_of(const std::string& skeleton) {
  std::vector<std::string> sentences(1);
  for (std::size_t i = 0; i < skeleton.size(); ++i) {
    const bool chinese_stop = skeleton.compare(i, 3, "。") == 0;
    if (skeleton[i] == '.' || chinese_stop) {
      sentences.emplace_back();
      i += chinese_stop ? 2 : 0;
    } else if (skeleton[i] != ' ') {
      sentences.back() += skeleton[i];
    }
  }
  return sentences;
}

struct LanguageCase {
  const char* task;
  const Language& language;
};
const std::vector<LanguageCase>& languages() {
  static const std::vector<LanguageCase> kCases = {{"words-en", english_sentences()},
                                                   {"words-ar", arabic_sentences()},
                                                   {"words-zh", chinese_sentences()}};
  return kCases;
}

TEST(Tasks, HeldOutWordProblemsTellWhatTrainingNeverDoes) {
  for (const auto& [name, language] : languages()) {
    std::set<std::string> told;
    const auto training = open_task(name, Part::training, 1);
    for (int i = 0; i < 20000; ++i) told.insert(skeleton_of(training->question(i).text, language));
    EXPECT_GT(told.size(), 5000U) << name;
    const auto held_out = open_task(name, Part::held_out, 1);
    for (int i = 0; i < 300; ++i) {
      const std::string text = held_out->question(i).text;
      EXPECT_FALSE(told.contains(skeleton_of(text, language))) << text;
    }
  }
}

// A held-out story has a sentence that training does not tell in any scene.
TEST(Tasks, HeldOutStoriesHaveSentencesOfTheirOwn) {
  for (const auto& [name, language] : languages()) {
    std::set<std::string> told;
    const auto training = open_task(name, Part::training, 1);
    for (int i = 0; i < 20000; ++i) {
      for (auto& s : sentences_of(skeleton_of(training->question(i).text, language))) {
        told.insert(std::move(s));
      }
    }
    ASSERT_EQ(language.held_out_stories.size(), 3U);
    for (const Sentence& story : language.held_out_stories) {
      std::string text(story.text);
      for (const char* hole : {"{A}", "{B}", "{C}", "{N}", "{M}", "{T}"}) {
        for (std::size_t at = 0; (at = text.find(hole)) != std::string::npos;) text.erase(at, 3);
      }
      EXPECT_TRUE(std::ranges::any_of(sentences_of(text), [&](const auto& s) {
        return !told.contains(s);
      })) << story.text;
    }
  }
}

TEST(Tasks, HeldOutArithmeticUsesNumbersThatTrainingNeverDoes) {
  const auto numbers_of = [](const std::string& text) {
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') continue;
      std::int64_t value = 0;
      for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
        value = 10 * value + (text[i] - '0');
      }
      numbers.push_back(value);
    }
    return numbers;
  };
  std::set<std::int64_t> seen;
  const auto training = open_task("arithmetic+plain-en+plain-ar+plain-zh", Part::training, 1);
  for (int i = 0; i < 20000; ++i) {
    for (const std::int64_t number : numbers_of(training->question(i).text)) seen.insert(number);
  }
  EXPECT_GT(seen.size(), 900U);
  const auto held_out = open_task("arithmetic", Part::held_out, 1);
  for (int i = 0; i < 300; ++i) {
    const std::string text = held_out->question(i).text;
    const auto numbers = numbers_of(text);
    EXPECT_TRUE(std::ranges::any_of(numbers, [&](auto n) { return !seen.contains(n); })) << text;
  }
}

TEST(Tasks, ArithmeticIsTypedInSeveralWaysAndMeansTheSame) {
  const auto task = open_task("arithmetic", Part::training, 1);
  std::set<std::pair<bool, bool>> ways;  // with blanks, with the sign of multiplication
  for (int i = 0; i < 500; ++i) {
    const Question question = task->question(i);
    std::string expression;
    for (std::size_t at = 0; at < question.text.size(); ++at) {
      const char c = question.text[at];
      if ((c >= '0' && c <= '9') || (c != '\0' && std::strchr("+-*() ", c))) expression += c;
      if (question.text.substr(at).starts_with("×")) expression += '*';
    }
    const auto value = evaluate(expression, 0);
    const auto answer = evaluate(question.answer, 0);
    EXPECT_TRUE(value && answer && equal(*value, *answer)) << question.text;
    if (expression.find('*') == std::string::npos) continue;
    ways.emplace(question.text.find(" *") != std::string::npos ||
                     question.text.find(" ×") != std::string::npos,
                 question.text.find("×") != std::string::npos);
  }
  EXPECT_EQ(ways.size(), 4U);
}

// Every "expression=value" between blanks, dots and commas; returns how many there are.
std::size_t expect_equations_hold(const std::string& text) {
  std::size_t equations = 0;
  for (std::size_t at = text.find('='); at != std::string::npos;
       at = text.find('=', at + 1), ++equations) {
    const std::size_t begin = text.find_last_of(" ", at) + 1;
    const std::size_t end = std::min(text.find_first_of(" .,", at), text.size());
    const auto left = evaluate(text.substr(begin, at - begin), 0);
    const auto right = evaluate(text.substr(at + 1, end - at - 1), 0);
    EXPECT_TRUE(left && right && equal(*left, *right)) << text;
  }
  return equations;
}

// The search ends with how what it found makes the goal.
TEST(Tasks, CountdownOfThreeNumbersIsSearchedBackwards) {
  const auto task = open_task("countdown", Part::training, 1);
  for (int i = 0; i < 500; ++i) {
    const Question q = task->question(i);
    EXPECT_GE(expect_equations_hold(q.solution), 3U) << q.solution;
    const std::string goal = q.text.substr(q.text.rfind(' ') + 1);  // "21."
    EXPECT_TRUE(q.solution.ends_with("=" + goal)) << q.text << q.solution;
    EXPECT_EQ(q.solution.find("yes"), q.solution.rfind("yes")) << q.solution;
  }
}

TEST(Tasks, DaysAreCountedAfterWholeWeeksAreTaken) {
  for (const char* level : {":easy", ":normal", ":hard"}) {
    const auto task = open_task(std::string("calendar") + level, Part::training, 1);
    for (int i = 0; i < 300; ++i) {
      const Question q = task->question(i);
      expect_equations_hold(q.solution);
      EXPECT_TRUE(q.solution.ends_with(" " + q.answer + ".") || q.solution == q.answer + ".")
          << q.solution;
      // Independently: the day's number, counted one by one.
      const std::vector<std::string> days = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                             "Friday", "Saturday", "Sunday"};
      const bool after = q.text.find(" after ") != std::string::npos;
      const auto start =
          std::ranges::find_if(days, [&](const auto& day) { return q.text.ends_with(day + "?"); });
      auto at = static_cast<std::size_t>(start - days.begin());
      for (int n = std::stoi(q.text.substr(q.text.find(" is ") + 4)); n > 0; --n) {
        at = (at + (after ? 1 : 6)) % 7;
      }
      EXPECT_EQ(q.answer, days[at]) << q.text;
    }
  }
}

TEST(Tasks, NumbersAreSortedByInsertion) {
  const auto task = open_task("sorting", Part::training, 1);
  for (int i = 0; i < 200; ++i) {
    const Question q = task->question(i);
    EXPECT_TRUE(q.solution.ends_with(": " + q.answer + ".")) << q.solution;
    EXPECT_EQ(std::ranges::count(q.solution, ':'), 5) << q.solution;
  }
}

TEST(Tasks, SeveralInTurn) {
  const auto task = open_task("countdown+sorting:easy", Part::training, 1);
  EXPECT_THAT(task->question(4).id, ::testing::StartsWith("countdown:2"));
  EXPECT_THAT(task->question(5).id, ::testing::StartsWith("sorting:easy:2"));
}

TEST(Tasks, UnknownNamesAreErrors) {
  EXPECT_THAT([] { open_task("arithmetics", Part::training, 1); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("did you mean arithmetic")));
  EXPECT_THAT([] { open_task("arithmetic:silly", Part::training, 1); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("easy, normal and hard")));
}

}  // namespace
}  // namespace frugal::tasks

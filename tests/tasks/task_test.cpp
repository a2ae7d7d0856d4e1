// Generated questions: their references verify, their worked steps are right, the parts share none.
#include "tasks/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

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
  for (const auto& words : {language.names, language.things}) {
    for (const std::string_view word : words) {
      for (std::size_t at = 0; (at = told.find(word, at)) != std::string::npos;) {
        told.erase(at, word.size());
      }
    }
  }
  return told;
}

TEST(Tasks, HeldOutWordProblemsTellWhatTrainingNeverDoes) {
  const std::pair<const char*, const Language*> cases[] = {{"words-en", &english_sentences()},
                                                           {"words-ar", &arabic_sentences()},
                                                           {"words-zh", &chinese_sentences()}};
  for (const auto& [name, language] : cases) {
    std::set<std::string> told;
    const auto training = open_task(name, Part::training, 1);
    for (int i = 0; i < 5000; ++i) told.insert(skeleton_of(training->question(i).text, *language));
    EXPECT_GT(told.size(), 500U) << name;
    const auto held_out = open_task(name, Part::held_out, 1);
    for (int i = 0; i < 300; ++i) {
      const std::string text = held_out->question(i).text;
      EXPECT_FALSE(told.contains(skeleton_of(text, *language))) << text;
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
  const auto training = open_task("arithmetic", Part::training, 1);
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

// The search writes down true equations only, and ends with what it found.
TEST(Tasks, CountdownOfThreeNumbersIsSearchedBackwards) {
  const auto task = open_task("countdown", Part::training, 1);
  for (int i = 0; i < 500; ++i) {
    const Question q = task->question(i);
    EXPECT_TRUE(q.solution.ends_with(" yes.")) << q.solution;
    std::size_t equations = 0;
    for (std::size_t at = q.solution.find('='); at != std::string::npos;
         at = q.solution.find('=', at + 1), ++equations) {
      const std::size_t begin = q.solution.rfind(' ', at) + 1;
      const std::size_t end = q.solution.find(' ', at);
      const auto left = evaluate(q.solution.substr(begin, at - begin), 0);
      const auto right = evaluate(q.solution.substr(at + 1, end - at - 1), 0);
      ASSERT_TRUE(left && right) << q.solution;
      EXPECT_TRUE(equal(*left, *right)) << q.solution;
    }
    EXPECT_GT(equations, 3U) << q.solution;
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

// Published sets as they come: their own answers have to verify.
#include "tasks/file_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/data.h"

namespace frugal::tasks {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

struct Published {
  const char* file;
  std::int64_t questions;
  const char* language;
};

class PublishedSet : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedSet, ItsOwnAnswersVerifyAndThoseOfOthersDoNot) {
  const auto path = frugal::testing::shared_data(GetParam().file);
  if (!path) GTEST_SKIP() << GetParam().file << " is not in FRUGAL_DATA";
  const auto task = open_file_task(*path);
  ASSERT_EQ(task->size(), GetParam().questions);
  std::int64_t mistaken = 0;
  for (std::int64_t i = 0; i < *task->size(); ++i) {
    const Question q = task->question(i);
    ASSERT_FALSE(q.answer.empty()) << q.id;
    // As a model would say it; a published solution may box a step before the answer.
    EXPECT_TRUE(is_right(q, split_reply("", "So the answer is $\\boxed{" + q.answer + "}$.")))
        << q.id << " " << q.answer;
    EXPECT_TRUE(is_right(q, split_reply("<think>\n", "a</think>\n\\boxed{ " + q.answer + " }")));
    if (boxed(q.solution).size() <= 1 && !q.solution.empty()) {
      EXPECT_TRUE(is_right(q, split_reply("", q.solution))) << q.id << " " << q.answer;
    }
    const Question other = task->question((i + 1) % *task->size());
    if (other.answer != q.answer) mistaken += is_right_answer(q, other.answer) ? 1 : 0;
  }
  EXPECT_LE(mistaken, *task->size() / 400);  // neighbours whose answers are equal but for the form
  const std::string language = task->question(0).language;
  EXPECT_EQ(language, GetParam().language);
}

INSTANTIATE_TEST_SUITE_P(Files, PublishedSet,
                         ::testing::Values(Published{"gsm8k-train.jsonl", 7473, "en"},
                                           Published{"gsm8k-test.jsonl", 1319, "en"},
                                           Published{"math-test.jsonl", 5000, "en"},
                                           Published{"math500.jsonl", 500, "en"},
                                           Published{"math-train-answers.json", 7470, "en"},
                                           Published{"aime24.jsonl", 30, "en"},
                                           Published{"aime25.jsonl", 30, "en"},
                                           Published{"mgsm-zh.tsv", 250, "zh"}));

class FileTask : public ::testing::Test {
 protected:
  std::filesystem::path file(const char* text) {
    const auto path = folder_.path() / "set.jsonl";
    frugal::testing::write_file(path, text);
    return path;
  }
  frugal::testing::TemporaryFolder folder_;
};

TEST_F(FileTask, MissingFieldsNameFileLineAndField) {
  const auto path = file("{\"question\": \"a\", \"answer\": \"1\"}\n\n{\"question\": \"b\"}\n");
  EXPECT_THAT([&] { open_file_task(path); },
              ThrowsMessage<Error>(HasSubstr("set.jsonl line 3: there is no answer or solution")));
}

TEST_F(FileTask, WrongTypesEmptyFilesAndBadJson) {
  EXPECT_THAT([&] { open_file_task(file("{\"question\": \"a\", \"answer\": [1]}")); },
              ThrowsMessage<Error>(HasSubstr("answer is [1]")));
  EXPECT_THAT([&] { open_file_task(file("  \n")); },
              ThrowsMessage<Error>(HasSubstr("holds no questions")));
  for (const char* nothing : {"[]", "[{\"question\": \"a\", \"answer\": \"\"}]"}) {
    EXPECT_THAT([&] { open_file_task(file(nothing)); },
                ThrowsMessage<Error>(HasSubstr("set.jsonl holds no questions")));
  }
  EXPECT_THAT([&] { open_file_task(file("{\"question\": ")); },
              ThrowsMessage<Error>(HasSubstr("line 1")));
  EXPECT_THAT([&] { open_file_task(file("no tab here")); },
              ThrowsMessage<Error>(HasSubstr("a tab and its answer")));
}

TEST_F(FileTask, NumbersAsAnswersAndTheRequestToBox) {
  const auto task = open_file_task(file("[{\"problem\": \"1+1\", \"answer\": 2}]"));
  const Question q = task->question(0);
  EXPECT_EQ(q.answer, "2");
  EXPECT_THAT(q.text, HasSubstr("\\boxed{}"));
  EXPECT_EQ(q.id, "set:0");
}

TEST_F(FileTask, APromptIsAskedAsItStands) {
  const auto task = open_file_task(file("{\"prompt\": \"1+1\", \"answer\": 2}"));
  EXPECT_EQ(task->question(0).text, "1+1");
  EXPECT_EQ(task->question(0).answer, "2");
}

}  // namespace
}  // namespace frugal::tasks

// What a completion comes down to, and what does not deceive the verifier.
#include "tasks/reply.h"

#include <gtest/gtest.h>

#include "tasks/question.h"

namespace frugal::tasks {
namespace {

Question addition() { return {"t:0", "What is 40 + 2?", "42", "", "en", Check::value}; }

bool right(const std::string& completion, const std::string& prompt = "") {
  return is_right(addition(), split_reply(prompt, completion));
}

TEST(Reply, ThinkingAndAnswer) {
  const Reply reply = split_reply("", "<think>\n40 + 2 = 42\n</think>\n\\boxed{42}");
  EXPECT_EQ(reply.thinking, "40 + 2 = 42");
  EXPECT_EQ(reply.answer, "\\boxed{42}");
  EXPECT_TRUE(is_well_formed(reply));
}

TEST(Reply, TheTemplateMayHaveOpenedTheThinking) {
  const Reply reply = split_reply("Assistant:<think>\n", "well\n40 + 2\n</think>\n42");
  EXPECT_EQ(reply.thinking, "well\n40 + 2");
  EXPECT_EQ(reply.answer, "42");
  EXPECT_TRUE(is_well_formed(reply));
}

TEST(Reply, FormsThatAreNotWell) {
  EXPECT_FALSE(is_well_formed(split_reply("", "42")));
  EXPECT_FALSE(is_well_formed(split_reply("", "<think></think>42")));
  EXPECT_FALSE(is_well_formed(split_reply("", "<think> \n </think>42")));
  EXPECT_FALSE(is_well_formed(split_reply("", "<think>a</think>")));
  EXPECT_FALSE(is_well_formed(split_reply("", "<think>a</think>b</think>c")));
  EXPECT_FALSE(is_well_formed(split_reply("", "<think>a<think>b</think>c")));
  EXPECT_FALSE(is_well_formed(split_reply("<think>", "a")));
}

TEST(Verifier, RightAnswers) {
  EXPECT_TRUE(right("\\boxed{42}"));
  EXPECT_TRUE(right("The answer is \\boxed{42}."));
  EXPECT_TRUE(right("<think>x</think>So \\boxed{42} it is, \\boxed{42.0}."));
  EXPECT_TRUE(right("<think>x</think> <answer>42</answer>"));
  EXPECT_TRUE(right("40 + 2 = <<40+2=42>>42\n#### 42"));
  EXPECT_TRUE(right("The answer is 42. Thank you for the 3 questions."));
  EXPECT_TRUE(right("**Answer:** 42"));
  EXPECT_TRUE(right("40 + 2 = 42"));
  EXPECT_TRUE(right("It makes 42 in all"));
  EXPECT_TRUE(right("40 + 2 is 42."));
  EXPECT_TRUE(right("الجواب هو ٤٢"));
  EXPECT_TRUE(right("答案是42。"));
  EXPECT_TRUE(right("42"));
  EXPECT_TRUE(right("hm\n</think>\n42", "<think>\n"));
}

TEST(Verifier, AnswersThatCheat) {
  EXPECT_FALSE(right("\\boxed{41} or \\boxed{42}")) << "several boxes";
  EXPECT_FALSE(right("\\boxed{42} \\boxed{43}")) << "several boxes";
  EXPECT_FALSE(right("\\boxed{41, 42}")) << "a list in one box";
  EXPECT_FALSE(right("<think>\\boxed{42}</think>")) << "only inside the thinking";
  EXPECT_FALSE(right("<think>\\boxed{42}</think>I do not know.")) << "only inside the thinking";
  EXPECT_FALSE(right("<think>\\boxed{42}")) << "never closed";
  EXPECT_FALSE(right("\\boxed{42}", "<think>\n")) << "never closed";
  EXPECT_FALSE(right("What is 40 + 2?")) << "the question echoed";
  EXPECT_FALSE(right("")) << "nothing";
  EXPECT_FALSE(right("\\boxed{}")) << "an empty box";
  EXPECT_FALSE(right("\\boxed{42 + x}")) << "no number";
  EXPECT_FALSE(right("the answer is 41 or 42")) << "two answers";
  EXPECT_FALSE(right("1 2 3 4 42 43")) << "a list of everything";
  EXPECT_FALSE(right("\\boxed{42")) << "an open box";
}

TEST(Verifier, AnEchoedQuestionIsNoAnswer) {
  Question q{"t:0", "Prices: fig 5, kiwi 9. What is the largest?", "9", "", "en", Check::value};
  EXPECT_FALSE(is_right(q, split_reply("", "Prices: fig 5, kiwi 9. What is the largest?")));
  EXPECT_TRUE(is_right(q, split_reply("", "Prices: fig 5, kiwi 9. What is the largest? 9")));
}

TEST(Verifier, Countdown) {
  const Question q{"c:0", "Use 3, 5 and 8 ... to make 23", "3*5+8", "", "en", Check::countdown};
  EXPECT_TRUE(is_right_answer(q, "8 + 5 * 3"));
  EXPECT_TRUE(is_right_answer(q, "(3 \\times 5) + 8 = 23"));
  EXPECT_TRUE(is_right_answer(q, "8+15/(3/3)") == false) << "15 was not given";
  EXPECT_FALSE(is_right_answer(q, "23"));
  EXPECT_FALSE(is_right_answer(q, "3*5+8+0"));
  EXPECT_FALSE(is_right_answer(q, "3*5+8*1"));
  EXPECT_FALSE(is_right_answer(q, "8+8+8-1"));
  EXPECT_FALSE(is_right_answer(q, "3*5-8"));
  EXPECT_FALSE(is_right_answer(q, "35+8"));
}

TEST(Verifier, Sequences) {
  const Question q{"s:0", "Sort", "3, 5, 9", "", "en", Check::sequence};
  EXPECT_TRUE(is_right_answer(q, "3, 5, 9"));
  EXPECT_TRUE(is_right_answer(q, "[3 5 9]"));
  EXPECT_TRUE(is_right_answer(q, "٣، ٥، ٩"));
  EXPECT_FALSE(is_right_answer(q, "5, 3, 9"));
  EXPECT_FALSE(is_right_answer(q, "3, 5"));
}

TEST(Language, ShareOfTheScript) {
  EXPECT_DOUBLE_EQ(language_share("abc 12", "en"), 1);
  EXPECT_DOUBLE_EQ(language_share("كتاب", "ar"), 1);
  EXPECT_DOUBLE_EQ(language_share("苹果 ab", "zh"), 0.5);
  EXPECT_DOUBLE_EQ(language_share("苹果", "en"), 0);
  EXPECT_DOUBLE_EQ(language_share("12 + 3", "ar"), 1);
  EXPECT_DOUBLE_EQ(language_share("٣ + ٥ = ٨، كتاب؟", "ar"), 1);
  EXPECT_DOUBLE_EQ(language_share("كِتَابٌ", "ar"), 1) << "vowel marks";
  EXPECT_DOUBLE_EQ(language_share("٣ ab، гд", "en"), 0.5);
}

}  // namespace
}  // namespace frugal::tasks

// Consensus, summaries, and a log that survives being cut off.
#include "eval/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/mapped_file.h"
#include "support/data.h"

namespace frugal::eval {
namespace {

tasks::Question question(const std::string& id = "q:0") {
  return {id, "1/4 + 1/4?", "1/2", "", "en", tasks::Check::value};
}

Answered answered(const std::string& completion, bool truncated = false) {
  Answered a;
  a.completion = completion;
  a.reply = tasks::split_reply("", completion);
  a.final_answer = tasks::final_answer(a.reply.answer, "").value_or("");
  a.truncated = truncated;
  a.right = !truncated && tasks::is_right(question(), a.reply);
  a.tokens.resize(completion.size());
  a.prompt_tokens.resize(7);
  return a;
}

TEST(Consensus, AnswersThatSayTheSameCountTogether) {
  const std::vector<Answered> samples = {answered("\\boxed{3}"), answered("\\boxed{0.5}"),
                                         answered("\\boxed{3}"), answered("\\boxed{1/2}"),
                                         answered("\\boxed{\\frac12}")};
  EXPECT_EQ(consensus(question(), samples), 1U);
  EXPECT_TRUE(result_of(question(), samples).consensus_right);
  EXPECT_EQ(result_of(question(), samples).right, 3);
}

TEST(Consensus, TruncatedAndMissingAnswersHaveNoVote) {
  EXPECT_EQ(consensus(question(), {answered(""), answered("\\boxed{1/2}", true)}), std::nullopt);
  EXPECT_EQ(consensus(question(), {answered("\\boxed{7}"), answered("\\boxed{8}")}), 0U);
}

TEST(Summary, CountsSamplesAndQuestions) {
  std::map<std::string, QuestionResult> results;
  results["a"] = result_of(question("a"), {answered("0.5"), answered("<think>x</think>0.5")});
  results["b"] = result_of(question("b"), {answered("0.5"), answered("7", true)});
  const Summary s = summarize(results);
  EXPECT_EQ(s.questions, 2);
  EXPECT_DOUBLE_EQ(s.pass_at_1.value, 0.75);
  EXPECT_DOUBLE_EQ(s.pass_at_k.at(2).value, 1.0);
  EXPECT_DOUBLE_EQ(s.well_formed, 0.25);
  EXPECT_DOUBLE_EQ(s.truncated, 0.25);
  EXPECT_EQ(s.right, 3);
  EXPECT_EQ(s.prompt_tokens, 28);
  const Json json = summary_json(s, 36.0);
  EXPECT_DOUBLE_EQ(json.at("pass@1").at("value"), 0.75);
  EXPECT_EQ(summarize({}).questions, 0);
}

class Log : public ::testing::Test {
 protected:
  std::string text() const { return std::string(MappedFile(path_).text()); }
  frugal::testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "sub" / "log.jsonl";
  const Json header_ = {{"task", "t"}};
};

TEST_F(Log, GoesOnWhereItWasCutOff) {
  {
    EvalLog log(path_, header_);
    log.add(question("a"), {answered("0.5")}, 1.5);
    log.add(question("b"), {answered("\xFF 7")}, 2);
  }
  std::ofstream(path_, std::ios::app) << "{\"id\":\"c\",\"sam";  // killed while it wrote
  EvalLog again(path_, header_);
  ASSERT_EQ(again.results().size(), 2U);
  EXPECT_EQ(again.results().at("a").right, 1);
  EXPECT_EQ(again.results().at("b").right, 0);
  again.add(question("c"), {answered("1/2")}, 0.5);
  EXPECT_EQ(EvalLog(path_, header_).results().size(), 3U);
  EXPECT_DOUBLE_EQ(summarize(EvalLog(path_, header_).results()).seconds, 4);
}

TEST_F(Log, OfAnotherEvaluationIsRefusedAndLeftAsItIs) {
  EvalLog(path_, header_).add(question(), {answered("0.5")}, 1);
  const std::string before = text();
  EXPECT_THAT(
      [&] {
        EvalLog(path_, {{"task", "u"}});
      },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr("another evaluation")));
  EXPECT_EQ(text(), before);
}

TEST_F(Log, WithoutAPathNothingIsWritten) {
  EvalLog log({}, header_);
  log.add(question(), {answered("0.5")}, 1);
  EXPECT_EQ(log.results().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace frugal::eval

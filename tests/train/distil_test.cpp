// Which of a teacher's answers are learned.
#include "train/distil.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/data.h"

namespace frugal::train {
namespace {

TEST(Resemblance, SharedPieces) {
  EXPECT_DOUBLE_EQ(resemblance("the same text", "the same text"), 1);
  EXPECT_DOUBLE_EQ(resemblance("abcdefgh", "stuvwxyz"), 0);
  EXPECT_DOUBLE_EQ(resemblance("abcdef", "bcdefg"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(resemblance("a", "a"), 1);
}

TEST(Select, RightAnswersThatDoNotResembleEachOther) {
  const std::vector<TeacherSample> samples = {{"q1", "1+1", "one and one make two", false},
                                              {"q1", "1+1", "1+1=2, so the answer is 2", true},
                                              {"q1", "1+1", "1+1=2, so the answer is 2.", true},
                                              {"q1", "1+1", "count: one, two", true},
                                              {"q1", "1+1", "two, as everybody knows", true},
                                              {"q2", "2+2", "4", true}};
  const auto two = select(samples, 2, 0.8);
  ASSERT_EQ(two.size(), 3U);
  EXPECT_EQ(two[0].completion, "1+1=2, so the answer is 2");
  EXPECT_EQ(two[1].completion, "count: one, two");
  EXPECT_EQ(two[2].id, "q2");
  EXPECT_EQ(select(samples, 9, 1.0).size(), 5U);
}

TEST(Select, NothingRightIsAnError) {
  frugal::testing::TemporaryFolder folder;
  EXPECT_THROW(write_conversations({}, folder.path() / "data.jsonl"), Error);
}

}  // namespace
}  // namespace frugal::train

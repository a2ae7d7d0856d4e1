// Intervals against scipy, pass@k against counting all subsets (tools/golden).
#include "eval/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "support/data.h"

namespace frugal::eval {
namespace {

Json golden() { return read_json_file(frugal::testing::golden("eval") / "statistics.json"); }

TEST(Estimate, WilsonsIntervalAsScipyHasIt) {
  const Json cases = golden().at("wilson");
  ASSERT_FALSE(cases.empty());
  for (const Json& g : cases) {
    std::vector<double> values(g.at("n").get<std::size_t>(), 0.0);
    std::fill_n(values.begin(), g.at("c").get<std::ptrdiff_t>(), 1.0);
    const Estimate e = estimate(values);
    EXPECT_NEAR(e.low, g.at("low").get<double>(), 1e-9) << g.dump();
    EXPECT_NEAR(e.high, g.at("high").get<double>(), 1e-9) << g.dump();
  }
}

TEST(Estimate, SeveralSamplesOfAQuestionAreNotAsGoodAsSeveralQuestions) {
  const std::vector<double> agreeing = {1, 0, 1, 0, 1, 0};  // each question's samples agree
  const std::vector<double> mixed = {0.5, 0.25, 0.75, 0.5, 0.25, 0.75};
  EXPECT_LT(estimate(mixed).high - estimate(mixed).low,
            estimate(agreeing).high - estimate(agreeing).low);
  EXPECT_DOUBLE_EQ(estimate(mixed).value, 0.5);
  const std::vector<double> equal(30, 0.3);
  EXPECT_GT(estimate(equal).high - estimate(equal).low, 0.2);
  const Estimate nothing = estimate({});
  EXPECT_EQ(nothing.low, 0);
  EXPECT_EQ(nothing.high, 1);
}

TEST(PassAtK, TheShareOfSubsetsThatHoldARightAnswer) {
  const Json cases = golden().at("pass_at_k");
  ASSERT_FALSE(cases.empty());
  for (const Json& g : cases) {
    EXPECT_NEAR(pass_at_k(g.at("n"), g.at("c"), g.at("k")), g.at("value").get<double>(), 1e-12)
        << g.dump();
  }
  EXPECT_THROW(pass_at_k(4, 2, 5), Error);
}

}  // namespace
}  // namespace frugal::eval

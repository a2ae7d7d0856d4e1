// Which answers say the same. The pairs are what people and models write, judged by hand.
#include "tasks/mathematics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "tasks/expression.h"

namespace frugal::tasks {
namespace {

using Pairs = std::vector<std::pair<const char*, const char*>>;

void expect_all(const Pairs& pairs, bool same) {
  for (const auto& [reference, candidate] : pairs) {
    EXPECT_EQ(same_answer(reference, candidate), same) << reference << "   |   " << candidate;
  }
}

TEST(SameAnswer, NumbersInAllTheirForms) {
  expect_all({{"72", "72"},
              {"72", "72.0"},
              {"72", "$72$"},
              {"72", "\\$72"},
              {"72", "72 clips"},
              {"72", "72\\text{ clips}"},
              {"1234", "1,234"},
              {"1,234", "1234.00"},
              {"1{,}234", "1234"},
              {"10,000,000", "10000000"},
              {"0.5", "\\frac12"},
              {"\\frac{1}{2}", "1/2"},
              {"-\\frac{3}{4}", "\\frac{-3}{4}"},
              {"\\dfrac{6}{8}", "0.75"},
              {"3\\frac{1}{2}", "3.5"},
              {"7/2", "3 1/2"},
              {"15\\%", "15"},
              {"90^\\circ", "90"},
              {"42", "٤٢"},
              {"١٢٣٤", "1,234"},
              {"3.5", "٣٫٥"},
              {"42", "４２"},
              {"5", "x = 5"},
              {"x=5", "5"},
              {".5", "0.50"},
              {"5", "{5}"},
              {"12", "12."},
              {"007", "7"},
              {"9 \\text{ cm}^2", "9"},
              {"5", "5 m"},
              {"2^{10}", "1024"},
              {"5!", "120"},
              {"\\binom{5}{2}", "10"},
              {"99999999999999999999", "99,999,999,999,999,999,999"}},
             true);
}

TEST(SameAnswer, OtherNumbers) {
  expect_all({{"72", "73"},
              {"72", "-72"},
              {"1234", "1,235"},
              {"1/3", "0.33"},
              {"1/3", "0.333333"},
              {"5", "5x"},
              {"5", ""},
              {"5", "55"},
              {"12", "1,2"},
              {"12", "1 2"},
              {"2", "2, 3"},
              {"2, 3", "2"},
              {"99999999999999999999", "99999999999999999998"},
              {"5", "x = 6"},
              {"0", "\\frac{1}{0}"},
              {"5", "five"},
              {"3.5", "35"},
              {"10", "1 0"}},
             false);
}

TEST(SameAnswer, RootsPowersAndFunctions) {
  expect_all({{"2\\sqrt{3}", "\\sqrt{12}"},
              {"\\frac{\\sqrt{2}}{2}", "\\frac{1}{\\sqrt{2}}"},
              {"\\sqrt[3]{8}", "2"},
              {"\\pi", "π"},
              {"\\frac{\\pi}{4}", "\\pi/4"},
              {"4\\pi r^2", "4 \\cdot \\pi \\cdot r^2"},
              {"x^2+2x+1", "(x+1)^2"},
              {"2x+3", "3+2x"},
              {"\\sin 30x", "\\sin{(30x)}"},
              {"(x-1)(x+1)", "x^2 - 1"},
              {"\\log_2 8", "3"},
              {"e^{2t}", "e^{2t}"},
              {"\\sqrt2", "\\sqrt{2}"},
              {"1 \\pm \\sqrt{3}", "1+\\sqrt3, 1-\\sqrt3"}},
             true);
  expect_all({{"\\sqrt{2}", "1.41421"},
              {"x^2", "2x"},
              {"\\pi", "3.14159"},
              {"x_1", "x_2"},
              {"(x+1)^2", "x^2+1"},
              {"\\sqrt{2}", "\\sqrt{3}"}},
             false);
}

TEST(SameAnswer, TuplesSetsIntervalsEquationsMatrices) {
  expect_all({{"(3, \\frac{\\pi}{2})", "\\left( 3, \\pi/2 \\right)"},
              {"1, 2, 3", "3,1,2"},
              {"\\{1,2\\}", "\\{2, 1\\}"},
              {"(-\\infty, 2] \\cup [3, \\infty)", "(-\\infty,2]\\cup[3,\\infty)"},
              {"y = 2x + 3", "2x - y + 3 = 0"},
              {"\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
               "\\begin{pmatrix}1&2\\\\3&8/2\\end{pmatrix}"},
              {"(1,234)", "(1, 234)"},
              {"2 \\text{ and } 3", "2, 3"}},
             true);
  expect_all({{"(1, 2)", "(2, 1)"},
              {"[1, 2]", "(1, 2)"},
              {"(1,2)", "1,2"},
              {"1, 2", "1, 2, 3"},
              {"1, 1", "1, 2"},
              {"y = 2x + 3", "y = 2x - 3"},
              {"(1, 2)", "(1, 2, 3)"},
              {"\\{1,2\\}", "\\{1,2,3\\}"}},
             false);
}

TEST(SameAnswer, Words) {
  expect_all({{"\\text{even}", "Even"},
              {"(A)", "A"},
              {"\\text{(C)}", "C"},
              {"Tuesday", "tuesday."},
              {"\\text{Evelyn}", "Evelyn"},
              {"小明", "小明"}},
             true);
  expect_all({{"Tuesday", "Thursday"}, {"A", "B"}, {"even", ""}, {"even", "4"}}, false);
}

TEST(SameAnswer, HostileTextEndsQuickly) {
  const std::string deep(1900, '(');
  EXPECT_FALSE(same_answer("5", deep));
  EXPECT_FALSE(same_answer("5", std::string(1900, '-') + "5x"));
  EXPECT_FALSE(same_answer("5", "9!!!!!!!!!!^9^9^9^9^9^9"));
  EXPECT_FALSE(same_answer("5", std::string(100000, '5')));
  std::string list;
  for (int i = 0; i < 500; ++i) list += "1,";
  EXPECT_FALSE(same_answer(list, list + "2"));
}

TEST(Expression, ExactAsLongAsItFits) {
  const auto third = evaluate("\\frac{1}{3}+\\frac{1}{6}", 0);
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->exact);
  EXPECT_EQ(third->numerator, 1);
  EXPECT_EQ(third->denominator, 2);
  const auto large = evaluate("2^{64}", 0);
  ASSERT_TRUE(large);
  EXPECT_FALSE(large->exact);
  EXPECT_NEAR(static_cast<double>(large->approximate), std::pow(2.0, 64), 1);
  EXPECT_FALSE(evaluate("1/0", 0));
  EXPECT_FALSE(evaluate("\\sqrt{-1}", 0));
  EXPECT_FALSE(evaluate("3 4", 0));
}

TEST(Expression, CountdownSeesEveryNumber) {
  const auto e = evaluate_whole_numbers("(3 + 5) * 12 / 4");
  ASSERT_TRUE(e);
  EXPECT_EQ(e->numbers, (std::vector<std::int64_t>{3, 5, 12, 4}));
  EXPECT_TRUE(equal(e->value, Number::integer(24)));
  EXPECT_FALSE(evaluate_whole_numbers("3 1/2"));  // a mixed number would hide an addition
  EXPECT_FALSE(evaluate_whole_numbers("3!"));
  EXPECT_FALSE(evaluate_whole_numbers("3^2"));
  EXPECT_FALSE(evaluate_whole_numbers("3.5"));
}

}  // namespace
}  // namespace frugal::tasks

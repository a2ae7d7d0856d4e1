#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace frugal {
namespace {

TEST(Nearest, FindsTypingErrorsAndNothingElse) {
  const std::vector<std::string> words = {"--model", "--max-tokens", "--temperature", "--top-p"};
  EXPECT_EQ(nearest("--modle", words), "--model");
  EXPECT_EQ(nearest("--max-token", words), "--max-tokens");
  EXPECT_EQ(nearest("--temp", words), "--temperature");  // a beginning
  EXPECT_EQ(nearest("--topp", words), "--top-p");
  EXPECT_EQ(nearest("--colour", words), "");
  EXPECT_EQ(nearest(std::string(5000, 'a'), words), "");
}

}  // namespace
}  // namespace frugal

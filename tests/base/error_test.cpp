#include "base/error.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(Printable, EscapesControlCharactersAndBadUtf8) {
  EXPECT_EQ(printable("weight"), "weight");
  EXPECT_EQ(printable("نص 文"), "نص 文");
  EXPECT_EQ(printable("a\x1b[31m"), "a\\x1b[31m");
  EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate is not UTF-8
}

TEST(Printable, CutsLongText) { EXPECT_EQ(printable(std::string(500, 'x'), 10), "xxxxxxxxxx..."); }

TEST(Require, ThrowsWithTheMessage) {
  EXPECT_NO_THROW(require(true, "unused"));
  try {
    require(false, "tensor {}: {} rows", "w", 3);
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "tensor w: 3 rows");
  }
}

}  // namespace
}  // namespace frugal

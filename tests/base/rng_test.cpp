#include "base/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace frugal {
namespace {

TEST(Rng, DependsOnSeedAndStream) {
  Rng a(1, 0);
  Rng b(1, 0);
  Rng c(1, 1);
  Rng d(2, 0);
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
  EXPECT_NE(first, d.next());
}

TEST(Rng, SeeksToAPosition) {
  Rng a(7);
  for (int i = 0; i < 10; ++i) a.next();
  Rng b(7);
  b.seek(a.position());
  EXPECT_EQ(a.next(), b.next());
}

TEST(Rng, BelowIsUniform) {
  Rng rng(3);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(rng.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);  // five standard deviations
}

TEST(Rng, NormalHasMeanZeroAndVarianceOne) {
  Rng rng(4);
  double sum = 0;
  double squares = 0;
  const int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0.0, 0.012);
  EXPECT_NEAR(squares / n, 1.0, 0.02);
}

}  // namespace
}  // namespace frugal

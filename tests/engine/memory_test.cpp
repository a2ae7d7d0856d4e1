#include "engine/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"

namespace frugal::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(Memory, CountsWholeBlocks) {
  const MemoryNeeds needs{1000, 10, 65, 5};
  EXPECT_EQ(cache_bytes(needs), 20U);
  EXPECT_EQ(total_bytes(needs), 1025U);
}

TEST(Memory, DescribesForPeople) {
  EXPECT_EQ(describe({1'200'000'000, 1'500'000, 4096, 30'000'000}, 7'200'000'000),
            "model 1.2 GB, cache for 4096 tokens 96 MB, work 30 MB: 1.3 GB in all; 7.2 GB are "
            "free");
}

TEST(Memory, RefusesWhatDoesNotFitAndSaysWhatWould) {
  const MemoryNeeds needs{1000, 10, 640, 0};
  EXPECT_NO_THROW(require_fit(needs, 1100));
  try {
    require_fit(needs, 1099);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("model 1.0 kB"), HasSubstr("cache for 640 tokens 100 B"),
                      HasSubstr("1.1 kB are free"), HasSubstr("for 576 tokens would fit")));
  }
  for (const std::uint64_t available : {0, 999, 1000, 1009}) {
    try {
      require_fit(needs, available);
      FAIL() << "expected an error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("smaller or more quantised model"));
    }
  }
}

TEST(Memory, HugeNeedsDoNotWrapAround) {
  EXPECT_EQ(total_bytes({kMost, 10, 64, 10}), kMost);
  EXPECT_EQ(cache_bytes({0, kMost / 2, 64 * 3, 0}), kMost);
  EXPECT_THROW(require_fit({kMost, 10, 64, 10}, kMost - 1), Error);
}

}  // namespace
}  // namespace frugal::engine

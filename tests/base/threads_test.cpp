#include "base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"

namespace frugal {
namespace {

TEST(ThreadPool, CoversTheRangeOnceAtGrainBoundaries) {
  for (const int threads : {1, 2, 3, 5}) {
    ThreadPool pool(threads);
    for (const int n : {0, 1, 7, 8, 9, 64, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(n));
      pool.parallel_for(n, 8, [&](std::int64_t begin, std::int64_t end) {
        EXPECT_EQ(begin % 8, 0);
        EXPECT_TRUE(end % 8 == 0 || end == n);
        for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
      });
      for (const auto& count : seen) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, GivesEachItemToOneThread) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (const std::int64_t n : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(n));
      pool.for_each(n, [&](std::int64_t i) { ++seen[static_cast<std::size_t>(i)]; });
      for (const auto& count : seen) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, PassesOnExceptionsAndStaysUsable) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.run([](int thread) { require(thread != 2, "thread {}", thread); }), Error);
  std::atomic<int> calls = 0;
  pool.run([&](int) { ++calls; });
  EXPECT_EQ(calls, 3);
}

TEST(ThreadPool, SurvivesManyShortTasks) {
  ThreadPool pool(4);
  std::atomic<std::int64_t> total = 0;
  for (int i = 0; i < 5000; ++i) pool.run([&](int thread) { total += thread; });
  EXPECT_EQ(total, 5000 * 6);
}

// With more threads than cores many come late, and the caller does what was theirs.
TEST(ThreadPool, EachTaskIsDoneOnceBeforeTheNextBegins) {
  ThreadPool pool(64);
  std::vector<int> counts(64);
  for (int i = 1; i <= 50; ++i) {
    pool.run([&](int thread) {
      ++counts[static_cast<std::size_t>(thread)];
      std::this_thread::yield();  // lets the others come, where there is one core
    });
    ASSERT_EQ(counts, std::vector<int>(64, i));
  }
}

}  // namespace
}  // namespace frugal

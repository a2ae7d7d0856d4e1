#include "engine/kv_cache.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>

#include "base/error.h"

namespace frugal::engine {
namespace {

TEST(BlockPool, CountsBlocksOfSixtyFourTokens) {
  EXPECT_EQ(blocks_for(0), 0);
  EXPECT_EQ(blocks_for(1), 1);
  EXPECT_EQ(blocks_for(64), 1);
  EXPECT_EQ(blocks_for(65), 2);
  EXPECT_EQ(blocks_for(std::numeric_limits<std::int64_t>::max()),
            std::numeric_limits<std::int64_t>::max() / 64 + 1);
}

TEST(BlockPool, HandsOutEachBlockOnce) {
  BlockPool pool(5, 16);
  std::set<std::int32_t> blocks;
  for (int i = 0; i < 5; ++i) blocks.insert(*pool.allocate());
  EXPECT_EQ(blocks, (std::set<std::int32_t>{0, 1, 2, 3, 4}));
  EXPECT_FALSE(pool.allocate().has_value());
  pool.release(3);
  EXPECT_EQ(pool.available(), 1);
  EXPECT_EQ(pool.allocate(), 3);
}

TEST(BlockPool, FreesABlockWithItsLastOwner) {
  BlockPool pool(1, 16);
  const std::int32_t block = *pool.allocate();
  pool.share(block);
  pool.release(block);
  EXPECT_EQ(pool.available(), 0);
  pool.release(block);
  EXPECT_EQ(pool.available(), 1);
  EXPECT_THROW(pool.release(block), Error);
  EXPECT_THROW(pool.share(block), Error);
}

TEST(BlockPool, RefusesImpossibleSizes) {
  EXPECT_THROW(BlockPool(0, 16), Error);
  EXPECT_THROW(BlockPool(16, 0), Error);
  EXPECT_THROW(BlockPool(std::int64_t{1} << 40, 1), Error);
  EXPECT_THROW(BlockPool(1 << 30, std::int64_t{1} << 40), Error);
  EXPECT_THROW(BlockPool(1 << 30, std::int64_t{1} << 30), Error);  // an exabyte cannot be had
}

TEST(BlockTable, GrowsAllOrNothing) {
  BlockPool pool(3, 16);
  BlockTable table(pool);
  EXPECT_TRUE(table.reserve(0, 65));
  EXPECT_EQ(table.blocks().size(), 2U);
  EXPECT_FALSE(table.reserve(65, 64 * 4 + 1));
  EXPECT_EQ(table.blocks().size(), 2U);
  EXPECT_EQ(pool.available(), 1);
  EXPECT_TRUE(table.reserve(65, 64 * 3));
  EXPECT_EQ(pool.available(), 0);
  table.clear();
  EXPECT_EQ(pool.available(), 3);
}

TEST(BlockTable, GivesBackAtTheEndOfItsLife) {
  BlockPool pool(2, 16);
  {
    BlockTable table(pool);
    ASSERT_TRUE(table.reserve(0, 128));
    EXPECT_EQ(pool.available(), 0);
  }
  EXPECT_EQ(pool.available(), 2);
}

TEST(BlockTable, CopiesASharedBlockOnWrite) {
  BlockPool pool(4, 16);
  BlockTable first(pool);
  ASSERT_TRUE(first.reserve(0, 100));
  auto* bytes = reinterpret_cast<std::uint8_t*>(pool.data());
  bytes[first.blocks()[1] * 16] = 42;

  BlockTable second(pool);
  second.share_prefix(first, 100);
  EXPECT_EQ(pool.available(), 2);
  EXPECT_EQ(second.blocks()[1], first.blocks()[1]);

  // Position 100 lies in the second block, which both own; the first block stays shared.
  ASSERT_TRUE(second.reserve(100, 101));
  EXPECT_EQ(second.blocks()[0], first.blocks()[0]);
  EXPECT_NE(second.blocks()[1], first.blocks()[1]);
  EXPECT_EQ(bytes[second.blocks()[1] * 16], 42);
  EXPECT_EQ(pool.available(), 1);
  // The first is now the only owner, and writes where it is.
  const std::int32_t own = first.blocks()[1];
  ASSERT_TRUE(first.reserve(100, 101));
  EXPECT_EQ(first.blocks()[1], own);
  EXPECT_EQ(pool.available(), 1);
}

TEST(BlockTable, CountsCopiesBeforeItTakesBlocks) {
  BlockPool pool(3, 16);
  BlockTable first(pool);
  ASSERT_TRUE(first.reserve(0, 100));
  BlockTable second(pool);
  second.share_prefix(first, 100);
  // One copy and one new block, but only one block is left.
  EXPECT_FALSE(second.reserve(100, 129));
  EXPECT_EQ(second.blocks()[1], first.blocks()[1]);
  EXPECT_EQ(pool.available(), 1);
}

}  // namespace
}  // namespace frugal::engine

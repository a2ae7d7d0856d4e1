#include "engine/kv_cache.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <vector>

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

TEST(BlockPool, KeptBlocksStayIdleUntilTheirMemoryIsNeeded) {
  BlockPool pool(3, 16);
  std::vector<std::int32_t> evicted;
  pool.on_evict = [&](std::int32_t block) { evicted.push_back(block); };
  const std::int32_t a = *pool.allocate();
  const std::int32_t b = *pool.allocate();
  pool.keep(a, true);
  pool.keep(b, true);
  pool.release(b);
  pool.release(a);
  EXPECT_EQ(pool.available(), 3);
  EXPECT_EQ(pool.allocate(), 2);  // the free one comes first
  pool.share(b);                  // in use again, so not to be evicted
  EXPECT_EQ(pool.available(), 1);
  EXPECT_EQ(pool.allocate(), a);
  EXPECT_EQ(evicted, std::vector<std::int32_t>{a});
  EXPECT_FALSE(pool.allocate().has_value());
  pool.release(a);  // no longer kept: free, not idle
  EXPECT_THROW(pool.share(a), Error);
}

TEST(BlockPool, EvictsTheBlockThatIsIdleForLongest) {
  BlockPool pool(4, 16);
  for (int i = 0; i < 4; ++i) pool.keep(*pool.allocate(), true);
  for (const std::int32_t block : {2, 0, 3, 1}) pool.release(block);
  pool.share(0);
  pool.release(0);  // used again, so now the youngest
  for (const std::int32_t block : {2, 3, 1, 0}) EXPECT_EQ(pool.allocate(), block);
}

TEST(BlockPool, AnIdleBlockThatIsNotKeptIsFree) {
  BlockPool pool(1, 16);
  pool.on_evict = [](std::int32_t) { FAIL() << "nothing is evicted"; };
  pool.keep(*pool.allocate(), true);
  pool.release(0);
  pool.keep(0, false);
  EXPECT_THROW(pool.share(0), Error);
  EXPECT_THROW(pool.keep(0, true), Error);
  EXPECT_EQ(pool.allocate(), 0);
}

TEST(BlockTable, GrowsAllOrNothing) {
  BlockPool pool(3, 16);
  BlockTable table(pool);
  EXPECT_TRUE(table.reserve(65));
  EXPECT_EQ(table.blocks().size(), 2U);
  EXPECT_FALSE(table.reserve(64 * 3 + 1));
  EXPECT_EQ(table.blocks().size(), 2U);
  EXPECT_EQ(pool.available(), 1);
  EXPECT_TRUE(table.reserve(64 * 3));
  EXPECT_TRUE(table.reserve(1));
  EXPECT_EQ(table.blocks().size(), 3U);
  table.clear();
  EXPECT_EQ(pool.available(), 3);
}

TEST(BlockTable, GivesBackAtTheEndOfItsLife) {
  BlockPool pool(2, 16);
  {
    BlockTable table(pool);
    ASSERT_TRUE(table.reserve(128));
    EXPECT_EQ(pool.available(), 0);
  }
  EXPECT_EQ(pool.available(), 2);
}

TEST(BlockTable, BeginsWithSharedBlocks) {
  BlockPool pool(4, 16);
  BlockTable first(pool);
  ASSERT_TRUE(first.reserve(192));
  BlockTable second(pool);
  second.share(first.blocks().first(2));
  ASSERT_TRUE(second.reserve(192));
  EXPECT_EQ(second.blocks()[0], first.blocks()[0]);
  EXPECT_EQ(second.blocks()[1], first.blocks()[1]);
  EXPECT_NE(second.blocks()[2], first.blocks()[2]);
  EXPECT_THROW(second.share(first.blocks()), Error);
  first.clear();
  EXPECT_EQ(pool.available(), 1);
  second.clear();
  EXPECT_EQ(pool.available(), 4);
}

}  // namespace
}  // namespace frugal::engine

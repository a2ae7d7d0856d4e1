#include "server/disk_blocks.h"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "server/full_disk.h"
#include "support/data.h"

namespace frugal::server {
namespace {

namespace fs = std::filesystem;
using frugal::testing::TemporaryFolder;
using testing::count;
using testing::FullDisk;

std::vector<std::byte> block(int value) { return std::vector<std::byte>(1000, std::byte(value)); }

class DiskBlocksTest : public ::testing::Test {
 protected:
  DiskBlocks open(const std::string& identity = "model", std::uint64_t limit = 1 << 20) {
    return DiskBlocks(folder_.path() / "cache", identity, limit);
  }
  static DiskBlocks::Key key(const DiskBlocks& blocks, std::int32_t token) {
    const std::vector<std::int32_t> tokens(64, token);
    return blocks.child(blocks.root("ann"), tokens);
  }
  // Saves a block of that number, and waits for its file.
  static void save(DiskBlocks& blocks, int value) {
    blocks.save(key(blocks, value), block(value));
    blocks.flush();
  }
  fs::path only_file() { return fs::directory_iterator(folder_.path() / "cache")->path(); }

  TemporaryFolder folder_;
  std::vector<std::byte> read_ = block(0);
};

TEST_F(DiskBlocksTest, WhatWasSavedIsThereAfterARestart) {
  {
    DiskBlocks blocks = open();
    save(blocks, 1);
  }
  DiskBlocks blocks = open();
  EXPECT_FALSE(blocks.load(key(blocks, 2), read_));
  ASSERT_TRUE(blocks.load(key(blocks, 1), read_));
  EXPECT_EQ(read_, block(1));
}

TEST_F(DiskBlocksTest, OtherModelsAndOwnersHaveOtherKeys) {
  const DiskBlocks one = open("one");
  const DiskBlocks two = open("two");
  EXPECT_NE(one.root("ann"), two.root("ann"));
  EXPECT_NE(one.root("ann"), one.root("bob"));
  const std::vector<std::int32_t> tokens(64, 1);
  EXPECT_NE(one.child(one.root("ann"), tokens),
            one.child(one.child(one.root("ann"), tokens), tokens));
}

TEST_F(DiskBlocksTest, ADamagedFileIsNotUsed) {
  DiskBlocks blocks = open();
  save(blocks, 1);
  {
    std::fstream file(only_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(500);
    file.put('x');
  }
  EXPECT_FALSE(blocks.load(key(blocks, 1), read_));
  save(blocks, 1);
  fs::resize_file(only_file(), 300);
  EXPECT_FALSE(blocks.load(key(blocks, 1), read_));
  EXPECT_FALSE(blocks.load(key(blocks, 1), read_));
  EXPECT_EQ(blocks.bytes(), 0);
}

TEST_F(DiskBlocksTest, TheLongestUnusedGoFirst) {
  DiskBlocks blocks = open("model", 3200);  // room for three
  for (int i = 1; i <= 3; ++i) save(blocks, i);
  EXPECT_TRUE(blocks.load(key(blocks, 1), read_));
  save(blocks, 4);
  EXPECT_TRUE(blocks.load(key(blocks, 1), read_));
  EXPECT_FALSE(blocks.load(key(blocks, 2), read_));
  EXPECT_TRUE(blocks.load(key(blocks, 3), read_));
  EXPECT_LE(blocks.bytes(), 3200);
}

TEST_F(DiskBlocksTest, OnlyItsOwnerMayRead) {
  DiskBlocks blocks = open();
  save(blocks, 1);
  EXPECT_EQ(fs::status(only_file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(folder_.path() / "cache").permissions(), fs::perms::owner_all);
}

TEST_F(DiskBlocksTest, WhatWaitsIsWrittenAtTheEnd) {
  {
    DiskBlocks blocks = open();
    for (int i = 1; i <= 100; ++i) blocks.save(key(blocks, i), block(i));
  }
  DiskBlocks blocks = open();
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(blocks.load(key(blocks, i), read_)) << i;
    EXPECT_EQ(read_, block(i));
  }
}

TEST_F(DiskBlocksTest, BlocksThatComeFasterThanTheDiskTakesThemAreDropped) {
  DiskBlocks blocks = open("model", 8ULL << 30);
  const std::vector<std::byte> large(130U << 20);  // more than may wait, but for a single one
  for (int i = 1; i <= 3; ++i) blocks.save(key(blocks, i), large);
  blocks.flush();
  EXPECT_GE(blocks.bytes(), large.size());
  EXPECT_LT(blocks.bytes(), 2 * large.size());
}

TEST_F(DiskBlocksTest, AFullDiskIsGoneOnWithout) {
  DiskBlocks blocks = open();
  save(blocks, 1);
  testing::CapturedStderr captured;
  {
    const FullDisk full;
    for (int i = 2; i <= 50; ++i) save(blocks, i);
  }
  const std::string said = captured.finish();
  EXPECT_EQ(count(said, "in memory alone"), 1) << said;
  EXPECT_FALSE(blocks.load(key(blocks, 2), read_));
  EXPECT_TRUE(blocks.load(key(blocks, 1), read_));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path() / "cache"), {}), 1);
  save(blocks, 2);
  EXPECT_TRUE(blocks.load(key(blocks, 2), read_));
}

}  // namespace
}  // namespace frugal::server

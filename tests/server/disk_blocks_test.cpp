#include "server/disk_blocks.h"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "support/data.h"

namespace frugal::server {
namespace {

namespace fs = std::filesystem;
using frugal::testing::TemporaryFolder;

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
  fs::path only_file() { return fs::directory_iterator(folder_.path() / "cache")->path(); }

  TemporaryFolder folder_;
  std::vector<std::byte> read_ = block(0);
};

TEST_F(DiskBlocksTest, WhatWasSavedIsThereAfterARestart) {
  {
    DiskBlocks blocks = open();
    blocks.save(key(blocks, 1), block(7));
  }
  DiskBlocks blocks = open();
  EXPECT_FALSE(blocks.load(key(blocks, 2), read_));
  ASSERT_TRUE(blocks.load(key(blocks, 1), read_));
  EXPECT_EQ(read_, block(7));
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
  blocks.save(key(blocks, 1), block(7));
  {
    std::fstream file(only_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(500);
    file.put('x');
  }
  EXPECT_FALSE(blocks.load(key(blocks, 1), read_));
  blocks.save(key(blocks, 1), block(8));
  fs::resize_file(only_file(), 300);
  EXPECT_FALSE(blocks.load(key(blocks, 1), read_));
  EXPECT_FALSE(blocks.load(key(blocks, 1), read_));
  EXPECT_EQ(blocks.bytes(), 0);
}

TEST_F(DiskBlocksTest, TheLongestUnusedGoFirst) {
  DiskBlocks blocks = open("model", 3200);  // room for three
  for (int i = 1; i <= 3; ++i) blocks.save(key(blocks, i), block(i));
  EXPECT_TRUE(blocks.load(key(blocks, 1), read_));
  blocks.save(key(blocks, 4), block(4));
  EXPECT_TRUE(blocks.load(key(blocks, 1), read_));
  EXPECT_FALSE(blocks.load(key(blocks, 2), read_));
  EXPECT_TRUE(blocks.load(key(blocks, 3), read_));
  EXPECT_LE(blocks.bytes(), 3200);
}

TEST_F(DiskBlocksTest, OnlyItsOwnerMayRead) {
  DiskBlocks blocks = open();
  blocks.save(key(blocks, 1), block(7));
  EXPECT_EQ(fs::status(only_file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(folder_.path() / "cache").permissions(), fs::perms::owner_all);
}

}  // namespace
}  // namespace frugal::server

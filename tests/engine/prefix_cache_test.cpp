#include "engine/prefix_cache.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "base/rng.h"

namespace frugal::engine {
namespace {

using Tokens = std::vector<std::int32_t>;

// 64 tokens for each of `names`, so that a text is a path in the tree.
Tokens path(const std::string& names) {
  Tokens tokens;
  for (const char name : names) tokens.insert(tokens.end(), 64, name);
  return tokens;
}

// Computes a whole sequence: takes known blocks, adds the rest, and lets go of all.
struct Computer {
  BlockPool& pool;
  PrefixCache& cache;
  std::map<std::int32_t, std::string> contents{};  // block -> owner and path up to its end

  std::int64_t run(const std::string& owner, const std::string& names) {
    const Tokens tokens = path(names);
    PrefixCache::Chain chain = cache.root(owner);
    BlockTable table(pool);
    table.share(cache.follow(chain, tokens));
    const std::int64_t hits = chain.blocks;
    for (std::int64_t i = 0; i < hits; ++i) {
      EXPECT_EQ(contents[table.blocks()[static_cast<std::size_t>(i)]], content(owner, names, i));
    }
    EXPECT_TRUE(table.reserve(std::ssize(tokens)));
    for (std::int64_t i = hits; i < std::ssize(names); ++i) {
      const std::int32_t block = table.blocks()[static_cast<std::size_t>(i)];
      contents[block] = content(owner, names, i);
      cache.extend(chain, std::span(tokens).subspan(static_cast<std::size_t>(i) * 64, 64), block);
    }
    EXPECT_EQ(chain.blocks, std::ssize(names));
    return hits;
  }

  static std::string content(const std::string& owner, const std::string& names, std::int64_t i) {
    return owner + ":" + names.substr(0, static_cast<std::size_t>(i) + 1);
  }
};

TEST(PrefixCache, FindsWholeBlocksOfTheSameBeginning) {
  BlockPool pool(20, 16);
  PrefixCache cache(pool);
  Computer computer{pool, cache};
  EXPECT_EQ(computer.run("u", "abc"), 0);
  EXPECT_EQ(computer.run("u", "abcd"), 3);
  EXPECT_EQ(computer.run("u", "abx"), 2);
  EXPECT_EQ(computer.run("u", "bc"), 0);  // the same blocks at another place
  Tokens tokens = path("abc");
  tokens.pop_back();
  PrefixCache::Chain chain = cache.root("u");
  EXPECT_EQ(cache.follow(chain, tokens).size(), 2U);
}

TEST(PrefixCache, NeverSharesBetweenOwners) {
  BlockPool pool(20, 16);
  PrefixCache cache(pool);
  Computer computer{pool, cache};
  EXPECT_EQ(computer.run("u", "abc"), 0);
  EXPECT_EQ(computer.run("v", "abc"), 0);
  EXPECT_EQ(computer.run("", "abc"), 0);
  EXPECT_EQ(computer.run("u", "abc"), 3);
  EXPECT_EQ(computer.run("v", "abc"), 3);
}

TEST(PrefixCache, GoesBackFromTheEndWhenMemoryIsNeeded) {
  BlockPool pool(5, 16);
  PrefixCache cache(pool);
  Computer computer{pool, cache};
  computer.run("u", "abcde");
  EXPECT_EQ(computer.run("u", "xy"), 0);   // takes the blocks of d and e
  EXPECT_EQ(computer.run("u", "abc"), 3);  // the beginning is still there
  EXPECT_EQ(computer.run("u", "xyz"), 2);  // and takes c
  EXPECT_EQ(computer.run("u", "abcde"), 2);
}

TEST(PrefixCache, TwoThatComputeTheSameAgree) {
  BlockPool pool(6, 16);
  PrefixCache cache(pool);
  const Tokens tokens = path("ab");
  BlockTable first(pool);
  BlockTable second(pool);
  ASSERT_TRUE(first.reserve(128));
  ASSERT_TRUE(second.reserve(128));
  PrefixCache::Chain chain = cache.root("u");
  PrefixCache::Chain other = cache.root("u");
  const auto block = [&](std::size_t i) { return std::span(tokens).subspan(64 * i, 64); };
  cache.extend(chain, block(0), first.blocks()[0]);
  cache.extend(other, block(0), second.blocks()[0]);
  cache.extend(other, block(1), second.blocks()[1]);
  cache.extend(chain, block(1), first.blocks()[1]);
  EXPECT_EQ(chain.node, other.node);
  PrefixCache::Chain found = cache.root("u");
  EXPECT_EQ(cache.follow(found, tokens),
            (std::vector<std::int32_t>{first.blocks()[0], second.blocks()[1]}));
  first.clear();
  second.clear();
  EXPECT_EQ(pool.available(), 6);
  // Of each pair one block is known and the other free, so four can go and all is still known.
  for (int i = 0; i < 4; ++i) pool.allocate();
  found = cache.root("u");
  EXPECT_EQ(cache.follow(found, tokens).size(), 2U);
  for (int i = 0; i < 2; ++i) pool.allocate();
  found = cache.root("u");
  EXPECT_TRUE(cache.follow(found, tokens).empty());
}

TEST(PrefixCache, ClearForgetsEverything) {
  BlockPool pool(3, 16);
  PrefixCache cache(pool);
  Computer computer{pool, cache};
  computer.run("u", "abc");
  cache.clear();
  EXPECT_EQ(pool.available(), 3);
  EXPECT_EQ(computer.run("u", "abc"), 0);
  EXPECT_EQ(computer.run("u", "abc"), 3);
}

TEST(PrefixCache, TakesWholeBlocksOnly) {
  BlockPool pool(3, 16);
  PrefixCache cache(pool);
  PrefixCache::Chain chain = cache.root("u");
  EXPECT_THROW(cache.extend(chain, Tokens(63), 0), Error);
}

// Computer::run compares the path that each found block was computed for with the path asked for.
TEST(PrefixCache, RandomPathsFindWhatWasComputedForThem) {
  Rng rng(41);
  BlockPool pool(30, 16);
  PrefixCache cache(pool);
  Computer computer{pool, cache};
  std::int64_t hits = 0;
  std::int64_t blocks = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string names;
    for (std::uint64_t i = 1 + rng.below(8); i > 0; --i) {
      names += static_cast<char>('a' + rng.below(3));
    }
    hits += computer.run(rng.below(2) == 0 ? "u" : "v", names);
    blocks += std::ssize(names);
    ASSERT_EQ(pool.available(), 30);
  }
  EXPECT_GT(hits, blocks / 5);
  EXPECT_LT(hits, blocks * 4 / 5);
}

}  // namespace
}  // namespace frugal::engine

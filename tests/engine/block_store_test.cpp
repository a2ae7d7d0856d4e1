// Cache blocks that outlive the engine.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <vector>

#include "engine/engine_support.h"

namespace frugal::engine {
namespace {

using testing::greedy_request;
using testing::long_prompt;
using testing::MockModel;

// Keys that spell out what they stand for, hashed by the library.
class MapStore final : public BlockStore {
 public:
  Key root(const std::string& owner) const override { return hashed(owner); }
  Key child(const Key& parent, std::span<const std::int32_t> tokens) const override {
    std::string text(reinterpret_cast<const char*>(parent.data()), parent.size());
    for (const std::int32_t token : tokens) text += std::to_string(token) + ",";
    return hashed(text);
  }
  bool load(const Key& key, std::span<std::byte> block) override {
    const auto found = blocks.find(key);
    if (found == blocks.end()) return false;
    ++loads;
    std::memcpy(block.data(), found->second.data(), block.size());
    return true;
  }
  void save(const Key& key, std::span<const std::byte> block) override {
    blocks[key].assign(block.begin(), block.end());
  }

  std::map<Key, std::vector<std::byte>> blocks;
  int loads = 0;

 private:
  static Key hashed(const std::string& text) {
    Key key{};
    const std::size_t hash = std::hash<std::string>{}(text);
    std::memcpy(key.data(), &hash, sizeof hash);
    return key;
  }
};

struct Ran {
  std::vector<std::int32_t> tokens;
  std::int64_t cached;
  std::int64_t rows;
};

// In an engine of its own, as after a restart.
Ran run_alone(const std::shared_ptr<MapStore>& store, Request request) {
  MockModel model;
  EngineOptions options;
  options.store = store;
  Engine engine(model, std::move(options));
  engine.submit(1, std::move(request));
  const auto result = testing::run(engine).at(1);
  return {result.tokens, result.finish->cached_tokens, model.rows};
}

TEST(BlockStore, ABeginningIsFoundAfterARestart) {
  const auto store = std::make_shared<MapStore>();
  const Ran first = run_alone(store, greedy_request(long_prompt(200), 10));
  EXPECT_EQ(first.cached, 0);
  const Ran again = run_alone(store, greedy_request(long_prompt(200), 10));
  EXPECT_EQ(again.cached, 192);
  EXPECT_EQ(again.rows, first.rows - 192);
  EXPECT_EQ(again.tokens, first.tokens);
  // A prompt that ends with the block still has its last token computed.
  EXPECT_EQ(run_alone(store, greedy_request(long_prompt(192), 10)).cached, 128);
}

TEST(BlockStore, OwnersShareNothing) {
  const auto store = std::make_shared<MapStore>();
  Request request = greedy_request(long_prompt(200), 3);
  request.owner = "ann";
  run_alone(store, request);
  request.owner = "bob";
  EXPECT_EQ(run_alone(store, request).cached, 0);
  request.owner = "ann";
  EXPECT_EQ(run_alone(store, request).cached, 192);
}

TEST(BlockStore, WhatIsInMemoryIsNotRead) {
  const auto store = std::make_shared<MapStore>();
  MockModel model;
  EngineOptions options;
  options.store = store;
  Engine engine(model, std::move(options));
  for (RequestId id = 1; id <= 2; ++id) {
    engine.submit(id, greedy_request(long_prompt(200), 3));
    testing::run(engine);
  }
  EXPECT_EQ(store->loads, 0);
}

}  // namespace
}  // namespace frugal::engine

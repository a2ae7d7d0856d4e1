// The paged KV cache: memory in blocks of kBlockTokens tokens, shared by count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace frugal::engine {

/// Blocks that `tokens` tokens of one sequence need.
std::int64_t blocks_for(std::int64_t tokens);

/// All the cache memory of one model, cut into equal blocks. A block in use has a count of owners;
/// when the last one lets go it is free again, or idle if its contents are worth keeping. Nobody
/// writes to a block that has other owners. Contents are not cleared: a model reads only positions
/// that it wrote. Memory that was never used costs no resident pages.
class BlockPool {
 public:
  /// Throws Error when the sizes are not positive or the memory cannot be had.
  BlockPool(std::int64_t blocks, std::int64_t block_bytes);

  std::byte* data() const { return memory_.data(); }  // [size(), block_bytes]
  std::int64_t size() const { return static_cast<std::int64_t>(blocks_.size()); }
  /// Blocks that allocate() can give: free and idle ones.
  std::int64_t available() const { return std::ssize(free_) + std::ssize(idle_); }

  /// A block with one owner: a free one, or else the one that is idle for longest, which is
  /// reported to `on_evict` first. Nothing when all are in use.
  std::optional<std::int32_t> allocate();
  /// One more owner of a block that is in use or idle.
  void share(std::int32_t block);
  /// One owner less.
  void release(std::int32_t block);

  /// Says whether a block is to be idle, and not free, when it has no owner.
  void keep(std::int32_t block, bool kept);

  std::function<void(std::int32_t block)> on_evict;

 private:
  struct Block {
    int owners = 0;
    bool kept = false;
    std::list<std::int32_t>::iterator idle;  // its place in idle_, while it is there
  };
  Block& at(std::int32_t block) { return blocks_.at(static_cast<std::size_t>(block)); }

  std::vector<Block> blocks_;
  std::vector<std::int32_t> free_;  // taken from the back
  std::list<std::int32_t> idle_;    // taken from the front
  Buffer memory_;
};

/// The blocks of one sequence in order of position; lets go of them at the end of its life.
class BlockTable {
 public:
  explicit BlockTable(BlockPool& pool) : pool_(&pool) {}
  ~BlockTable() { clear(); }
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;

  std::span<const std::int32_t> blocks() const { return blocks_; }

  /// Becomes one more owner of `blocks`, which hold the beginning of the sequence. The table must
  /// be empty.
  void share(std::span<const std::int32_t> blocks);

  /// Adds blocks until `tokens` tokens have room. False, and nothing changed, when the pool has too
  /// few.
  bool reserve(std::int64_t tokens);

  void clear();

 private:
  BlockPool* pool_;
  std::vector<std::int32_t> blocks_;
};

}  // namespace frugal::engine

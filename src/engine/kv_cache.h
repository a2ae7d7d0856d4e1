// The paged KV cache: memory in blocks of kBlockTokens tokens, shared by count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace frugal::engine {

/// Blocks that `tokens` tokens of one sequence need.
std::int64_t blocks_for(std::int64_t tokens);

/// All the cache memory of one model, cut into equal blocks. A block in use has a count of owners;
/// it is free again when the last one lets go. Contents are not cleared in between: a model reads
/// only positions that it wrote. Memory that was never used costs no resident pages.
class BlockPool {
 public:
  /// Throws Error when the sizes are not positive or the memory cannot be had.
  BlockPool(std::int64_t blocks, std::int64_t block_bytes);

  std::byte* data() const { return memory_.data(); }  // [size(), block_bytes]
  std::int64_t size() const { return static_cast<std::int64_t>(owners_.size()); }
  std::int64_t available() const { return static_cast<std::int64_t>(free_.size()); }

  /// A block with one owner, or nothing when all are in use.
  std::optional<std::int32_t> allocate();
  /// One more owner of a block in use.
  void share(std::int32_t block);
  /// One owner less.
  void release(std::int32_t block);
  int owners(std::int32_t block) const { return owners_.at(static_cast<std::size_t>(block)); }
  void copy(std::int32_t from, std::int32_t to);

 private:
  std::int64_t block_bytes_;
  std::vector<int> owners_;         // [blocks]
  std::vector<std::int32_t> free_;  // taken from the back
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

  /// Becomes a second owner of the blocks that hold the first `tokens` tokens of `other`. The table
  /// must be empty.
  void share_prefix(const BlockTable& other, std::int64_t tokens);

  /// Makes room to write positions [from, to): adds blocks, and replaces a block that others own
  /// too by a copy. False, and nothing changed, when the pool has too few blocks.
  bool reserve(std::int64_t from, std::int64_t to);

  void clear();

 private:
  BlockPool* pool_;
  std::vector<std::int32_t> blocks_;
};

}  // namespace frugal::engine

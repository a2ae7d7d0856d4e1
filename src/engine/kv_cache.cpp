#include "engine/kv_cache.h"

#include <cstring>
#include <limits>

#include "base/error.h"
#include "ops/layout.h"

namespace frugal::engine {

namespace {

std::size_t pool_bytes(std::int64_t blocks, std::int64_t block_bytes) {
  std::int64_t bytes = 0;
  require(blocks > 0 && blocks <= std::numeric_limits<std::int32_t>::max() && block_bytes > 0 &&
              !__builtin_mul_overflow(blocks, block_bytes, &bytes),
          "a KV cache of {} blocks of {} bytes is not possible", blocks, block_bytes);
  return static_cast<std::size_t>(bytes);
}

}  // namespace

std::int64_t blocks_for(std::int64_t tokens) {
  return tokens / ops::kBlockTokens + (tokens % ops::kBlockTokens != 0 ? 1 : 0);
}

BlockPool::BlockPool(std::int64_t blocks, std::int64_t block_bytes)
    : block_bytes_(block_bytes), memory_(pool_bytes(blocks, block_bytes), "the KV cache") {
  owners_.assign(static_cast<std::size_t>(blocks), 0);
  // Low numbers are taken first, so that a lightly used pool touches only the start of its memory.
  for (std::int64_t block = blocks - 1; block >= 0; --block) {
    free_.push_back(static_cast<std::int32_t>(block));
  }
}

std::optional<std::int32_t> BlockPool::allocate() {
  if (free_.empty()) return std::nullopt;
  const std::int32_t block = free_.back();
  free_.pop_back();
  owners_[static_cast<std::size_t>(block)] = 1;
  return block;
}

void BlockPool::share(std::int32_t block) {
  require(owners(block) > 0, "KV cache block {} is shared but not in use", block);
  ++owners_[static_cast<std::size_t>(block)];
}

void BlockPool::release(std::int32_t block) {
  require(owners(block) > 0, "KV cache block {} is released but not in use", block);
  if (--owners_[static_cast<std::size_t>(block)] == 0) free_.push_back(block);
}

void BlockPool::copy(std::int32_t from, std::int32_t to) {
  std::memcpy(data() + to * block_bytes_, data() + from * block_bytes_,
              static_cast<std::size_t>(block_bytes_));
}

void BlockTable::share_prefix(const BlockTable& other, std::int64_t tokens) {
  require(blocks_.empty(), "only an empty block table can share a prefix");
  for (const std::int32_t block :
       other.blocks().first(static_cast<std::size_t>(blocks_for(tokens)))) {
    pool_->share(block);
    blocks_.push_back(block);
  }
}

bool BlockTable::reserve(std::int64_t from, std::int64_t to) {
  const auto needed = static_cast<std::size_t>(blocks_for(to));
  const auto first = static_cast<std::size_t>(from / ops::kBlockTokens);
  std::size_t missing = needed > blocks_.size() ? needed - blocks_.size() : 0;
  for (std::size_t i = first; i < blocks_.size(); ++i) {
    if (pool_->owners(blocks_[i]) > 1) ++missing;
  }
  if (static_cast<std::int64_t>(missing) > pool_->available()) return false;
  for (std::size_t i = first; i < blocks_.size(); ++i) {
    if (pool_->owners(blocks_[i]) == 1) continue;
    const std::int32_t own = *pool_->allocate();
    pool_->copy(blocks_[i], own);
    pool_->release(blocks_[i]);
    blocks_[i] = own;
  }
  while (blocks_.size() < needed) blocks_.push_back(*pool_->allocate());
  return true;
}

void BlockTable::clear() {
  // Last block first: a table that grows again gets its blocks back in the same order.
  for (; !blocks_.empty(); blocks_.pop_back()) pool_->release(blocks_.back());
}

}  // namespace frugal::engine

#include "engine/kv_cache.h"

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
    : memory_(pool_bytes(blocks, block_bytes), "the KV cache") {
  blocks_.resize(static_cast<std::size_t>(blocks));
  // Low numbers are taken first, so that a lightly used pool touches only the start of its memory.
  for (std::int64_t block = blocks - 1; block >= 0; --block) {
    free_.push_back(static_cast<std::int32_t>(block));
  }
}

std::optional<std::int32_t> BlockPool::allocate() {
  if (free_.empty()) {
    if (idle_.empty()) return std::nullopt;
    const std::int32_t oldest = idle_.front();
    keep(oldest, false);
    if (on_evict) on_evict(oldest);
  }
  const std::int32_t block = free_.back();
  free_.pop_back();
  at(block).owners = 1;
  return block;
}

void BlockPool::share(std::int32_t block) {
  Block& shared = at(block);
  require(shared.owners > 0 || shared.kept, "KV cache block {} is shared but free", block);
  if (shared.owners == 0) idle_.erase(shared.idle);
  ++shared.owners;
}

void BlockPool::release(std::int32_t block) {
  Block& released = at(block);
  require(released.owners > 0, "KV cache block {} is released but not in use", block);
  if (--released.owners > 0) return;
  if (released.kept) {
    released.idle = idle_.insert(idle_.end(), block);
  } else {
    free_.push_back(block);
  }
}

void BlockPool::keep(std::int32_t block, bool kept) {
  Block& changed = at(block);
  require(changed.owners > 0 || changed.kept, "KV cache block {} is kept but free", block);
  if (changed.owners == 0 && !kept) {
    idle_.erase(changed.idle);
    free_.push_back(block);
  }
  changed.kept = kept;
}

void BlockTable::share(std::span<const std::int32_t> blocks) {
  require(blocks_.empty(), "only an empty block table can begin with shared blocks");
  for (const std::int32_t block : blocks) {
    pool_->share(block);
    blocks_.push_back(block);
  }
}

bool BlockTable::reserve(std::int64_t tokens) {
  const std::int64_t missing = blocks_for(tokens) - std::ssize(blocks_);
  if (missing > pool_->available()) return false;
  for (std::int64_t i = 0; i < missing; ++i) blocks_.push_back(*pool_->allocate());
  return true;
}

void BlockTable::clear() {
  // Last block first: idle blocks are evicted in the order in which they became idle, and the end
  // of a sequence is worth less than its beginning, which others may share.
  for (; !blocks_.empty(); blocks_.pop_back()) pool_->release(blocks_.back());
}

}  // namespace frugal::engine

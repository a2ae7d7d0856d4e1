// Finds the cache blocks of a sequence's beginning that an earlier sequence computed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/kv_cache.h"
#include "ops/layout.h"

namespace frugal::engine {

/// A tree whose edges are the tokens of one whole block: what a block holds depends on all tokens
/// before it, so a block is known by its tokens and its parent. Each owner has a tree, and nobody
/// finds blocks of another. Tokens are compared, not only their hashes. Blocks stay until the pool
/// needs their memory; the end of a sequence goes before its beginning.
class PrefixCache {
 public:
  /// A node of the tree: the blocks up to here are known.
  struct Chain {
    std::uint64_t node = 0;
    std::int64_t blocks = 0;
  };

  /// Takes over pool.on_evict.
  explicit PrefixCache(BlockPool& pool);

  /// The empty beginning of any sequence of `owner`.
  Chain root(const std::string& owner);

  /// Follows `tokens`, the sequence from position 64 * chain.blocks on, as far as whole blocks are
  /// known, and moves `chain` there. Returns the blocks, of which the caller must become an owner
  /// before the pool is asked for another.
  std::vector<std::int32_t> follow(Chain& chain, std::span<const std::int32_t> tokens) const;

  /// Moves `chain` on by one block, computed for the 64 `tokens`, and keeps the block. When these
  /// tokens are known already, the block that holds them stays the known one.
  void extend(Chain& chain, std::span<const std::int32_t> tokens, std::int32_t block);

  /// Forgets everything: after the weights have changed. Chains must start from root() again.
  void clear();

 private:
  struct Edge {
    std::uint64_t parent = 0;
    std::array<std::int32_t, ops::kBlockTokens> tokens{};
    bool operator==(const Edge&) const = default;
  };
  struct EdgeHash {
    std::uint64_t seed;  // drawn per cache, so that nobody can choose tokens that collide
    std::size_t operator()(const Edge& edge) const;
  };
  struct Node {
    std::uint64_t id = 0;
    std::int32_t block = 0;
  };

  static Edge edge(std::uint64_t parent, std::span<const std::int32_t> tokens);
  void forget(std::int32_t block);

  BlockPool& pool_;
  std::uint64_t next_id_ = 1;  // ids are never used twice, so a lost parent's children are lost too
  std::unordered_map<std::string, std::uint64_t> roots_;
  std::unordered_map<Edge, Node, EdgeHash> nodes_;
  std::unordered_map<std::int32_t, const Edge*> edges_;  // block -> its key in nodes_
};

}  // namespace frugal::engine

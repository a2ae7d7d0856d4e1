#include "engine/prefix_cache.h"

#include <algorithm>
#include <random>

#include "base/error.h"
#include "base/rng.h"

namespace frugal::engine {

namespace {

constexpr auto kBlock = static_cast<std::size_t>(ops::kBlockTokens);

}  // namespace

std::size_t PrefixCache::EdgeHash::operator()(const Edge& edge) const {
  std::uint64_t hash = Rng(seed, edge.parent).next();
  for (const std::int32_t token : edge.tokens) {
    hash = Rng(hash, static_cast<std::uint64_t>(token)).next();
  }
  return hash;
}

PrefixCache::PrefixCache(BlockPool& pool)
    : pool_(pool), nodes_(0, EdgeHash{std::random_device{}()}) {
  pool_.on_evict = [this](std::int32_t block) { forget(block); };
}

PrefixCache::Chain PrefixCache::root(const std::string& owner) {
  const auto [entry, added] = roots_.try_emplace(owner, next_id_);
  if (added) ++next_id_;
  return {entry->second, 0};
}

std::vector<std::int32_t> PrefixCache::follow(Chain& chain,
                                              std::span<const std::int32_t> tokens) const {
  std::vector<std::int32_t> blocks;
  for (; tokens.size() >= kBlock; tokens = tokens.subspan(kBlock)) {
    const auto known = nodes_.find(edge(chain.node, tokens.first(kBlock)));
    if (known == nodes_.end()) break;
    chain = {known->second.id, chain.blocks + 1};
    blocks.push_back(known->second.block);
  }
  return blocks;
}

void PrefixCache::extend(Chain& chain, std::span<const std::int32_t> tokens, std::int32_t block) {
  require(tokens.size() == kBlock, "the prefix cache keeps blocks of {} tokens, not {}", kBlock,
          tokens.size());
  const auto [node, added] = nodes_.try_emplace(edge(chain.node, tokens), Node{next_id_, block});
  if (added) {
    ++next_id_;
    edges_[block] = &node->first;
    pool_.keep(block, true);
  }
  chain = {node->second.id, chain.blocks + 1};
}

void PrefixCache::clear() {
  for (const auto& [block, key] : edges_) pool_.keep(block, false);
  edges_.clear();
  nodes_.clear();
  roots_.clear();
}

PrefixCache::Edge PrefixCache::edge(std::uint64_t parent, std::span<const std::int32_t> tokens) {
  Edge edge{.parent = parent};
  std::copy(tokens.begin(), tokens.end(), edge.tokens.begin());
  return edge;
}

void PrefixCache::forget(std::int32_t block) {
  const auto found = edges_.find(block);
  nodes_.erase(*found->second);
  edges_.erase(found);
}

}  // namespace frugal::engine

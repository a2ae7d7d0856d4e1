// The prefix cache on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <unordered_map>

#include "engine/block_store.h"

namespace frugal::server {

/// A file a block, in a folder that only its owner can read. When the files together exceed the
/// limit, those that were not used for longest go. For one engine's thread.
class DiskBlocks final : public engine::BlockStore {
 public:
  /// `identity` says which model, weights and arithmetic computed the blocks: blocks of others are
  /// not found, and age away. Throws Error when the folder cannot be made.
  DiskBlocks(std::filesystem::path folder, std::string identity, std::uint64_t max_bytes);

  Key root(const std::string& owner) const override;
  Key child(const Key& parent, std::span<const std::int32_t> tokens) const override;
  bool load(const Key& key, std::span<std::byte> block) override;
  void save(const Key& key, std::span<const std::byte> block) override;

  std::uint64_t bytes() const { return bytes_; }

 private:
  struct File {
    std::uint64_t size = 0;
    std::list<std::string>::iterator place{};  // in used_
  };
  void add(const std::string& name, std::uint64_t size);
  void remove(const std::string& name);
  void write(const std::string& name, std::span<const std::byte> block);

  std::filesystem::path folder_;
  std::string identity_;
  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  std::unordered_map<std::string, File> files_;  // by name
  std::list<std::string> used_;                  // names, the longest unused first
  bool warned_ = false;
};

}  // namespace frugal::server

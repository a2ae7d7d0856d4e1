// The prefix cache on disk.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/block_store.h"

namespace frugal::server {

/// A file a block, in a folder that only its owner can read. When the files together exceed the
/// limit, those that were not used for longest go. Files are written by a thread of its own; blocks
/// that come faster than the disk takes them are not kept. Safe to use from several threads.
class DiskBlocks final : public engine::BlockStore {
 public:
  /// `identity` says which model, weights and arithmetic computed the blocks: blocks of others are
  /// not found, and age away. Throws Error when the folder cannot be made.
  DiskBlocks(std::filesystem::path folder, std::string identity, std::uint64_t max_bytes);
  /// Writes what waits.
  ~DiskBlocks() override;
  DiskBlocks(const DiskBlocks&) = delete;
  DiskBlocks& operator=(const DiskBlocks&) = delete;

  Key root(const std::string& owner) const override;
  Key child(const Key& parent, std::span<const std::int32_t> tokens) const override;
  /// Reads the file at once: what would compute the block has nothing to do without it.
  bool load(const Key& key, std::span<std::byte> block) override;
  /// Copies the block; its file comes later, and load() does not find it before.
  void save(const Key& key, std::span<const std::byte> block) override;

  /// Waits until the files of all that was saved are there.
  void flush();
  std::uint64_t bytes() const;

 private:
  struct File {
    std::uint64_t size = 0;
    std::list<std::string>::iterator place{};  // in used_
  };
  struct Waiting {
    std::string name;
    std::vector<std::byte> block;
  };
  void run();
  // Those below that say so need mutex_ held.
  void add(const std::string& name, std::uint64_t size);    // held
  void forget(const std::string& name);                     // held
  std::vector<std::string> make_room(std::uint64_t bytes);  // held; the files to remove
  void remove_file(const std::string& name) const;
  bool write(const Waiting& waiting);

  const std::filesystem::path folder_;
  const std::string identity_;
  const std::uint64_t max_bytes_;
  bool warned_ = false;  // the thread's

  mutable std::mutex mutex_;
  std::condition_variable wake_;                 // there is something to write, or the end
  std::condition_variable written_;              // nothing waits any more
  std::uint64_t bytes_ = 0;                      // guarded by mutex_, as all below
  std::unordered_map<std::string, File> files_;  // by name
  std::list<std::string> used_;                  // names, the longest unused first
  std::deque<Waiting> waiting_;                  // the first is being written
  std::uint64_t waiting_bytes_ = 0;
  bool stop_ = false;

  std::thread thread_;  // last: it starts when all else is there
};

}  // namespace frugal::server

// The file of a download that is not complete yet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "net/checksum.h"

namespace frugal::net {

/// DESTINATION.part, with the ETag of what it holds beside it in DESTINATION.part.etag. Locked
/// while open, so that two programs never write into one. It stays when the download fails or the
/// program dies, and the next download continues it.
class PartFile {
 public:
  /// Opens what is there, or a new empty file. Throws Error when it cannot be opened or another
  /// program has it open.
  explicit PartFile(const std::filesystem::path& destination);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  std::uint64_t size() const { return size_; }
  /// The ETag noted by restart(), or "".
  const std::string& etag() const { return etag_; }
  const std::filesystem::path& path() const { return path_; }

  /// Empties the file and notes the ETag of what will be written.
  void restart(const std::string& etag);
  /// Appends. Throws Error, saying that the part is kept, when the disk is full.
  void append(std::span<const std::byte> bytes);
  /// The digest of all bytes written, those of earlier runs included.
  std::string digest(Checksum::Kind kind) const;
  /// Makes the bytes and the name durable: fsync, rename to the destination, fsync of the folder.
  void finish();
  /// Removes the file and its ETag.
  void discard();

 private:
  std::filesystem::path destination_;
  std::filesystem::path path_;
  std::filesystem::path etag_path_;
  std::string etag_;
  std::uint64_t size_ = 0;
  int fd_ = -1;
};

}  // namespace frugal::net

// The bytes of a file, decompressed on the way when its name says so.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace frugal::train {

/// Reads from the beginning to the end.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills `out` as far as there are bytes; fewer than asked for mean the end. Throws Error naming
  /// the file and how far it could be read.
  virtual std::size_t read(std::span<char> out) = 0;
  /// How much of the file itself has been read.
  virtual std::uint64_t file_bytes() const = 0;
};

/// gzip for .gz, Zstandard for .zst, the file's own bytes for others.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path);

}  // namespace frugal::train

// A file that is there completely or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace frugal {

/// Writes into a temporary file beside `path`; commit() puts it on disk and renames it. Without
/// commit() the destructor removes it and leaves what was at `path`. Every failure, such as a full
/// disk, is an Error that names the path.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Bytes written so far.
  std::uint64_t size() const { return size_; }
  /// Call once, last.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

/// The whole of a file in one call.
void write_text(const std::filesystem::path& path, std::string_view text);

/// A rename is on disk only when its folder is, which this sees to as far as the system lets it.
void sync_folder(const std::filesystem::path& folder);

}  // namespace frugal

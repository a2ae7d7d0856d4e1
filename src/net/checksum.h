// Checksums of files, through OpenSSL.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace frugal::net {

/// What a file's bytes must hash to. The hub knows SHA-256 for large files (git LFS object ids) and
/// git's blob id for small ones: SHA-1 of "blob SIZE\0" and the bytes.
struct Checksum {
  enum class Kind { none, sha256, git_blob };
  Kind kind = Kind::none;
  std::string hex;  // lower case; empty for none
};

/// Hashes bytes as they come.
class Hasher {
 public:
  /// `size` of the whole file is needed for git_blob only.
  Hasher(Checksum::Kind kind, std::uint64_t size);
  void add(std::span<const std::byte> bytes);
  /// The digest in lower-case hexadecimal; call once, at the end.
  std::string hex();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // null for Kind::none
};

}  // namespace frugal::net

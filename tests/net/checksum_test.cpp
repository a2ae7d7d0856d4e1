#include "net/checksum.h"

#include <gtest/gtest.h>

#include <string_view>

namespace frugal::net {
namespace {

std::string digest(Checksum::Kind kind, std::string_view text) {
  Hasher hasher(kind, text.size());
  for (const char& c : text) hasher.add(std::as_bytes(std::span(&c, 1)));
  return hasher.hex();
}

// FIPS 180-4's example, and git's well-known id of the empty file and of "hello\n".
TEST(Checksum, KnownDigests) {
  EXPECT_EQ(digest(Checksum::Kind::sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(Checksum::Kind::git_blob, ""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(digest(Checksum::Kind::git_blob, "hello\n"),
            "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(digest(Checksum::Kind::none, "abc"), "");
}

}  // namespace
}  // namespace frugal::net

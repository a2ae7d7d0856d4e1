#include "base/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "base/error.h"
#include "base/mapped_file.h"
#include "support/data.h"

namespace frugal {
namespace {

namespace fs = std::filesystem;

TEST(OutputFile, AppearsOnlyWhenCommitted) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "file";
  testing::write_file(path, "old");
  {
    OutputFile dropped(path);
    dropped.write("new");
  }
  EXPECT_EQ(MappedFile(path).text(), "old");
  OutputFile kept(path);
  kept.write("ne");
  kept.write("w");
  EXPECT_EQ(kept.size(), 3U);
  EXPECT_EQ(MappedFile(path).text(), "old");
  kept.commit();
  EXPECT_EQ(MappedFile(path).text(), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(OutputFile, NamesThePathWhenItCannotWrite) {
  const testing::TemporaryFolder folder;
  try {
    OutputFile(folder.path() / "no" / "file");
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("no/file: No such file or directory"));
  }
}

// A limit on the size of files stands in for a full disk, which takes a mount to make.
TEST(OutputFile, LeavesNothingWhenTheDiskIsFull) {
  const testing::TemporaryFolder folder;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    OutputFile file(folder.path() / "file");
    file.write(std::string(10000, 'x'));
    file.commit();
  } catch (const Error& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, ::testing::HasSubstr("file: File too large after 4096 bytes"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace frugal

#include "net/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "net/local_server.h"
#include "net/part_file.h"
#include "support/data.h"

namespace frugal::net {
namespace {

namespace fs = std::filesystem;
using frugal::testing::write_file;
using ::testing::HasSubstr;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string sha256(const std::string& text) {
  Hasher hasher(Checksum::Kind::sha256, text.size());
  hasher.add(std::as_bytes(std::span(text)));
  return hasher.hex();
}

class DownloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!server_.fault().empty()) GTEST_SKIP() << server_.fault();
    for (int i = 0; i < 10'000; ++i) data_ += static_cast<char>(i * 7 + i / 256);
    write_file(folder_.path() / "data", data_);
    options_.retry = {.attempts = 3,
                      .first_pause = std::chrono::milliseconds(5),
                      .longest_pause = std::chrono::milliseconds(10)};
  }

  Download wanted(const std::string& path, std::uint64_t size = 0, Checksum checksum = {}) const {
    return {server_.url(path), out_, size, std::move(checksum), ""};
  }

  Checksum right() const { return {Checksum::Kind::sha256, sha256(data_)}; }

  std::string message_of(const Download& download_wanted) const {
    try {
      download(download_wanted, options_);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  void leave_part(const std::string& bytes, const std::string& etag) const {
    write_file(part_, bytes);
    write_file(part_.string() + ".etag", etag + "\n");
  }

  void expect_only_the_file() const {
    EXPECT_EQ(read(out_), data_);
    EXPECT_FALSE(fs::exists(part_));
    EXPECT_FALSE(fs::exists(part_.string() + ".etag"));
  }

  frugal::testing::TemporaryFolder folder_;
  LocalServer server_{folder_.path()};
  fs::path out_ = folder_.path() / "out";
  fs::path part_ = folder_.path() / "out.part";
  std::string data_;
  DownloadOptions options_;
};

TEST_F(DownloadTest, Whole) {
  std::uint64_t last = 0;
  options_.progress = [&](std::uint64_t done, std::uint64_t resumed) {
    last = done;
    EXPECT_EQ(resumed, 0U);
  };
  download(wanted("/plain/data", data_.size(), right()), options_);
  expect_only_the_file();
  EXPECT_EQ(last, data_.size());
}

TEST_F(DownloadTest, EmptyFile) {
  data_.clear();
  write_file(folder_.path() / "data", "");
  download(wanted("/plain/data", 0, right()), options_);
  expect_only_the_file();
}

TEST_F(DownloadTest, BrokenConnectionsAreContinued) {
  download(wanted("/break/3000/data", data_.size(), right()), options_);
  expect_only_the_file();
  const Json log = server_.log();
  ASSERT_EQ(log.size(), 4U);  // more than the 3 attempts: each got nearer
  EXPECT_EQ(log[1]["range"], "bytes=3000-");
  EXPECT_EQ(log[3]["range"], "bytes=9000-");
  EXPECT_FALSE(log[1]["if_range"].is_null());
}

TEST_F(DownloadTest, AnswersThatEndEarlyAreNotTakenForWhole) {
  EXPECT_THAT(message_of(wanted("/early/3000/data", data_.size())), HasSubstr("3000 of 10000"));
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(DownloadTest, APartOfAnEarlierRunIsContinued) {
  download(wanted("/plain/data"), options_);
  fs::remove(out_);
  leave_part(data_.substr(0, 4000), "");
  std::uint64_t resumed = 0;
  options_.progress = [&](std::uint64_t, std::uint64_t from) { resumed = from; };
  download(wanted("/plain/data", data_.size(), right()), options_);
  expect_only_the_file();
  EXPECT_EQ(resumed, 4000U);
  EXPECT_EQ(server_.log()[1]["range"], "bytes=4000-");
}

TEST_F(DownloadTest, AChangedFileStartsAgain) {
  leave_part("other bytes", "\"old\"");
  download(wanted("/plain/data"), options_);
  expect_only_the_file();
  EXPECT_EQ(server_.log()[0]["if_range"], "\"old\"");
}

TEST_F(DownloadTest, WithoutEtagAndChecksumNothingIsContinued) {
  leave_part("other bytes", "");
  download(wanted("/plain/data"), options_);
  expect_only_the_file();
  EXPECT_TRUE(server_.log()[0]["range"].is_null());
}

TEST_F(DownloadTest, AServerWithoutRangesStartsAgain) {
  leave_part(data_.substr(0, 4000), "");
  download(wanted("/norange/data", data_.size(), right()), options_);
  expect_only_the_file();
}

TEST_F(DownloadTest, AChangingEtagStillEnds) {
  leave_part(data_.substr(0, 4000), "\"old\"");
  download(wanted("/changing/data", data_.size(), right()), options_);
  expect_only_the_file();
}

TEST_F(DownloadTest, ACompletePartNeedsNoMoreBytes) {
  leave_part(data_, "");
  download(wanted("/status/500", data_.size(), right()), options_);
  expect_only_the_file();
  leave_part(data_, "");
  download(wanted("/plain/data", 0, right()), options_);  // the server says 416
  expect_only_the_file();
}

TEST_F(DownloadTest, ABadPartIsThrownAwayOnce) {
  leave_part(std::string(4000, 'z'), "");
  download(wanted("/plain/data", data_.size(), right()), options_);
  expect_only_the_file();
  leave_part(std::string(20'000, 'z'), "");  // longer than the file
  download(wanted("/plain/data", 0, right()), options_);
  expect_only_the_file();
}

TEST_F(DownloadTest, AWrongChecksumIsAnErrorAndLeavesNothing) {
  const Checksum wrong{Checksum::Kind::sha256, sha256("something else")};
  EXPECT_THAT(message_of(wanted("/plain/data", data_.size(), wrong)), HasSubstr(sha256(data_)));
  EXPECT_FALSE(fs::exists(out_));
  EXPECT_FALSE(fs::exists(part_));
}

TEST_F(DownloadTest, AWrongSizeIsAnError) {
  EXPECT_THAT(message_of(wanted("/plain/data", 9999)), HasSubstr("9999 were expected"));
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(DownloadTest, InterruptingKeepsThePart) {
  bool stop = false;
  options_.progress = [&](std::uint64_t done, std::uint64_t) { stop = done > 2000; };
  options_.stopped = [&] { return stop; };
  EXPECT_THROW(download(wanted("/slow/data", data_.size(), right()), options_), Interrupted);
  EXPECT_GT(fs::file_size(part_), 2000U);
  EXPECT_FALSE(fs::exists(out_));
  options_.stopped = nullptr;
  download(wanted("/plain/data", data_.size(), right()), options_);
  expect_only_the_file();
}

TEST_F(DownloadTest, TwoAtOnceAreRefused) {
  const PartFile other(out_);
  EXPECT_THAT(message_of(wanted("/plain/data")), HasSubstr("another program is downloading it"));
}

TEST_F(DownloadTest, AFullDiskIsSaidAndThePartKept) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  fs::create_symlink("/dev/full", part_);
  EXPECT_THAT(message_of(wanted("/plain/data")), HasSubstr("the disk is full"));
  EXPECT_TRUE(fs::exists(part_));
}

}  // namespace
}  // namespace frugal::net

#include "net/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/local_server.h"
#include "support/data.h"

namespace frugal::net {
namespace {

namespace fs = std::filesystem;
using frugal::testing::write_file;
using ::testing::HasSubstr;

const RetryPolicy kOnce{.attempts = 1};

class HubTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!server_.fault().empty()) GTEST_SKIP() << server_.fault();
    for (const char* owner : {"owner", "gated"}) {
      fs::create_directories(folder_.path() / owner / "tiny");
      write_file(folder_.path() / owner / "tiny" / "config.json", "hello\n");
      write_file(folder_.path() / owner / "tiny" / "model.safetensors", "abc");
    }
  }

  std::string message_of(const std::string& id, const std::string& token = "") const {
    try {
      Hub(server_.origin(), token).list(id, "main", {}, kOnce);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  frugal::testing::TemporaryFolder folder_;
  LocalServer server_{folder_.path()};
};

TEST_F(HubTest, ListsFilesWithTheirChecksums) {
  const HubRepository listed = Hub(server_.origin(), "").list("owner/tiny", "main", {});
  EXPECT_EQ(listed.commit, "0123456789abcdef0123456789abcdef01234567");
  ASSERT_EQ(listed.files.size(), 2U);
  EXPECT_EQ(listed.files[0].path, "config.json");
  EXPECT_EQ(listed.files[0].size, 6U);
  EXPECT_EQ(listed.files[0].checksum.kind, Checksum::Kind::git_blob);
  EXPECT_EQ(listed.files[0].checksum.hex, "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(listed.files[1].checksum.kind, Checksum::Kind::sha256);
  EXPECT_EQ(listed.files[1].checksum.hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(HubTest, SaysWhatToDoAboutClosedRepositories) {
  EXPECT_THAT(message_of("owner/none"), HasSubstr("does not exist"));
  EXPECT_THAT(message_of("gated/tiny"), HasSubstr("HF_TOKEN"));
  EXPECT_THAT(message_of("gated/tiny", "wrong"), HasSubstr("does not take the token"));
  EXPECT_EQ(message_of("gated/tiny", "sesame"), "no error");
}

TEST_F(HubTest, RefusesPathsThatLeaveTheFolder) {
  for (const char* path : {"../evil", "/etc/passwd", "a/../../b", "a//b", "a\\u001bb", ""}) {
    write_file(folder_.path() / "owner" / "tiny.siblings.json",
               fmt::format(R"([{{"rfilename": "{}", "size": 1}}])", path));
    EXPECT_THAT(message_of("owner/tiny"), HasSubstr("not taken")) << path;
  }
}

TEST(RepositoryId, IsOwnerAndName) {
  EXPECT_TRUE(is_repository_id("Qwen/Qwen2.5-0.5B-Instruct"));
  for (const char* text : {"name", "a/b/c", "/b", "a/", "../b", "a/b c", "a/b?x"}) {
    EXPECT_FALSE(is_repository_id(text)) << text;
  }
}

}  // namespace
}  // namespace frugal::net

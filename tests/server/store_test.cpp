#include "server/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"
#include "support/data.h"

namespace frugal::server {
namespace {

using frugal::testing::TemporaryFolder;

const Key kLocal{.name = "local", .user = "local"};

LedgerEntry done(std::int64_t output, Nanodollars cost) {
  return {.endpoint = "/chat/completions",
          .model = "m",
          .tokens = {.hit = 64, .miss = 10, .output = output},
          .cost = cost,
          .status = "done"};
}

TEST(Store, SecretsAreNotKept) {
  const TemporaryFolder folder;
  Store store(folder.path());
  const std::string secret = store.add_key({.name = "ann", .user = "family"});
  EXPECT_EQ(store.find_key(secret)->user, "family");
  EXPECT_THROW(store.add_key({.name = "ann"}), Error);
  EXPECT_THROW(store.revoke_key("bob"), Error);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::FILE* file = std::fopen(entry.path().c_str(), "rb");
    std::string bytes(std::filesystem::file_size(entry.path()), '\0');
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
    std::fclose(file);
    EXPECT_EQ(bytes.find(secret.substr(3)), std::string::npos) << entry.path();
  }
}

TEST(Store, TheLedgerAddsUp) {
  const TemporaryFolder folder;
  Store store(folder.path());
  for (int i = 0; i < 5; ++i)
    store.end_request(store.begin_request(kLocal, done(0, 0)), done(7, 3));
  const auto days = store.ledger(1, "local");
  ASSERT_EQ(days.size(), 1);
  EXPECT_EQ(days[0].requests, 5);
  EXPECT_EQ(days[0].tokens.output, 35);
  EXPECT_EQ(days[0].tokens.hit, 320);
  EXPECT_EQ(days[0].cost, 15);
  EXPECT_TRUE(store.ledger(1, "other").empty());
}

TEST(Store, ARequestEndsOnce) {
  const TemporaryFolder folder;
  Store store(folder.path());
  store.add_key({.name = "ann"});
  store.top_up("ann", 1000, false);
  const auto id = store.begin_request({.name = "ann", .user = "ann"}, done(0, 0));
  store.end_request(id, done(1, 100));
  EXPECT_THROW(store.end_request(id, done(1, 100)), Error);
  EXPECT_EQ(store.balance("ann").total(), 900);
}

// A process is killed while it writes; what it had reported as committed is there, once.
TEST(Store, SurvivesKill9) {
  const TemporaryFolder folder;
  {
    Store store(folder.path());
    store.add_key({.name = "ann"});
    store.top_up("ann", 1'000'000, false);
  }
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Store store(folder.path());
    for (;;) {
      const auto id = store.begin_request({.name = "ann", .user = "ann"}, done(0, 0));
      store.end_request(id, done(1, 10));
      const char mark = 'x';
      if (::write(pipe_ends[1], &mark, 1) != 1) ::_exit(1);
    }
  }
  ::close(pipe_ends[1]);
  std::int64_t reported = 0;
  char mark = 0;
  for (; reported < 200 && ::read(pipe_ends[0], &mark, 1) == 1; ++reported) {
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (::read(pipe_ends[0], &mark, 1) == 1) ++reported;
  ::close(pipe_ends[0]);

  Store store(folder.path());
  store.recover();
  const auto days = store.ledger(1, "ann");
  ASSERT_EQ(days.size(), 1);
  const std::int64_t billed = days[0].tokens.output;
  // One may have been committed and not reported, another begun.
  EXPECT_GE(billed, reported);
  EXPECT_LE(billed, reported + 1);
  EXPECT_LE(days[0].requests, billed + 1);
  EXPECT_EQ(store.balance("ann").total(), 1'000'000 - 10 * billed);
}

TEST(Store, ChatsArePerUser) {
  const TemporaryFolder folder;
  Store store(folder.path());
  store.put_chat("a", {.id = "1", .title = "first", .data = "{}"});
  const Chat again = store.put_chat("a", {.id = "1", .title = "2nd", .pinned = true, .data = "[]"});
  EXPECT_GT(again.created, 0);
  store.put_chat("b", {.id = "1", .title = "other", .data = "{}"});
  ASSERT_EQ(store.chats("a").size(), 1);
  EXPECT_EQ(store.chat("a", "1")->title, "2nd");
  EXPECT_TRUE(store.chat("a", "1")->pinned);
  EXPECT_EQ(store.delete_chats("a", std::nullopt), 1);
  EXPECT_EQ(store.chats("b").size(), 1);
}

TEST(Store, ABackupIsAWholeStore) {
  const TemporaryFolder folder;
  const TemporaryFolder other;
  Store store(folder.path());
  const std::string secret = store.add_key({.name = "ann"});
  store.backup(other.path() / "frugal.db");
  EXPECT_THROW(store.backup(other.path() / "frugal.db"), Error);
  EXPECT_TRUE(Store(other.path()).find_key(secret));
}

}  // namespace
}  // namespace frugal::server

#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/local_server.h"
#include "support/data.h"

namespace frugal::net {
namespace {

using ::testing::HasSubstr;

const RetryPolicy kQuick{.attempts = 3,
                         .first_pause = std::chrono::milliseconds(10),
                         .longest_pause = std::chrono::milliseconds(20)};

class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!server_.fault().empty()) GTEST_SKIP() << server_.fault();
    frugal::testing::write_file(folder_.path() / "text", "some text");
  }

  std::string fetch(const std::string& url, const std::string& token = "",
                    std::size_t limit = 1000) {
    Request request;
    request.url = url;
    request.token = token;
    return get_text(request, limit, kQuick);
  }

  std::string message_of(const std::string& url) {
    try {
      fetch(url);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  frugal::testing::TemporaryFolder folder_;
  LocalServer server_{folder_.path()};
};

TEST_F(HttpTest, Fetches) { EXPECT_EQ(fetch(server_.url("/plain/text")), "some text"); }

TEST_F(HttpTest, FollowsTenRedirectsAndNoMore) {
  EXPECT_EQ(fetch(server_.url("/redirect/10/text")), "some text");
  EXPECT_THAT(message_of(server_.url("/redirect/11/text")), HasSubstr("more than 10 redirects"));
}

TEST_F(HttpTest, TokenStaysWithItsHost) {
  EXPECT_EQ(fetch(server_.url("/away/text"), "sesame"), "some text");
  EXPECT_EQ(fetch(server_.url("/redirect/1/text"), "sesame"), "some text");
  const Json log = server_.log();
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[0]["authorization"], "Bearer sesame");
  EXPECT_EQ(log[1]["host"], "localhost");
  EXPECT_TRUE(log[1]["authorization"].is_null());
  EXPECT_EQ(log[3]["host"], "127.0.0.1");
  EXPECT_EQ(log[3]["authorization"], "Bearer sesame");
}

TEST_F(HttpTest, ErrorsOfTheRequestAreNotTriedAgain) {
  EXPECT_THAT(message_of(server_.url("/status/404")), HasSubstr("status 404"));
  EXPECT_EQ(server_.log().size(), 1U);
}

TEST_F(HttpTest, ErrorsOfTheServerAreTriedAgain) {
  EXPECT_THAT(message_of(server_.url("/status/503")), HasSubstr("status 503"));
  EXPECT_EQ(server_.log().size(), 3U);
  EXPECT_EQ(fetch(server_.url("/once/500/text")), "some text");
}

TEST_F(HttpTest, WaitsAsLongAsTheServerAsks) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(fetch(server_.url("/once/429/text")), "some text");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(950));
}

TEST_F(HttpTest, LongAnswersAreRefused) {
  EXPECT_THROW(fetch(server_.url("/plain/text"), "", 8), Error);
}

TEST_F(HttpTest, PostsJson) {
  Request request;
  request.url = server_.url("/post/200");
  request.token = "sesame";
  const Json sent = parse_json(post_json(request, R"({"question": "?"})", 1000), "what was sent");
  EXPECT_EQ(sent["body"], R"({"question": "?"})");
  EXPECT_EQ(sent["type"], "application/json");
  EXPECT_EQ(sent["authorization"], "Bearer sesame");
  EXPECT_THROW(post_json(request, std::string(2000, ' '), 1000), Error);
}

TEST_F(HttpTest, AnErrorKeepsWhatTheServerSaid) {
  Request request;
  for (const int status : {422, 503, 302}) {
    request.url = server_.url(fmt::format("/post/{}", status));
    try {
      post_json(request, "{\"long\": 1}", 10'000);
      FAIL() << status;
    } catch (const HttpError& error) {
      EXPECT_EQ(error.cause().status, status);
      EXPECT_EQ(error.cause().transient, status == 503);
      EXPECT_THAT(error.cause().said, HasSubstr("long"));
    }
  }
}

TEST_F(HttpTest, PausesAreToldToWhoeverAsks) {
  RetryPolicy policy = kQuick;
  std::vector<std::chrono::milliseconds> pauses;
  policy.tell = [&](const HttpError&, std::chrono::milliseconds pause) { pauses.push_back(pause); };
  Request request;
  request.url = server_.url("/status/503");
  EXPECT_THROW(get_text(request, 10, policy), HttpError);
  EXPECT_EQ(pauses, (std::vector{std::chrono::milliseconds(10), std::chrono::milliseconds(20)}));
}

TEST_F(HttpTest, StopsWhenAsked) {
  frugal::testing::write_file(folder_.path() / "large", std::string(2000, 'x'));
  Request request;
  request.url = server_.url("/slow/large");
  request.stopped = [] { return true; };
  EXPECT_THROW(get_text(request, 10'000, kQuick), Interrupted);
}

TEST(Http, NoConnectionIsCalledSo) {
  // A port that was free a moment ago: bound, never listened on.
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length), 0);
  Request request;
  request.url = fmt::format("http://127.0.0.1:{}/", ntohs(address.sin_port));
  try {
    get_text(request, 10, kQuick);
    FAIL() << "no error";
  } catch (const HttpError& error) {
    EXPECT_TRUE(error.cause().unreachable);
  }
  ::close(socket);
}

TEST(Http, UrlsInMessagesHoldNoSecrets) {
  EXPECT_EQ(url_for_people("https://user:pass@host/a/b?signature=s#f"), "https://host/a/b");
  EXPECT_EQ(origin_of("HTTPS://Host/x"), "https://host:443");
  EXPECT_NE(origin_of("http://host:81/"), origin_of("http://host/"));
  EXPECT_THROW(origin_of("file:///etc/passwd"), Error);
}

}  // namespace
}  // namespace frugal::net

#include "server/http.h"

#include <gtest/gtest.h>

#include "server/api_error.h"
#include "server/origin.h"

namespace frugal::server {
namespace {

TEST(Http, TargetsAreTakenApart) {
  HttpRequest request;
  request.target = "/api/chats?limit=3&name=a%20b+c%2B&empty=&flag";
  EXPECT_EQ(request.path(), "/api/chats");
  EXPECT_EQ(request.query("limit"), "3");
  EXPECT_EQ(request.query("name"), "a b c+");
  EXPECT_EQ(request.query("empty"), "");
  EXPECT_EQ(request.query("missing"), "");
  EXPECT_EQ(decode_url("%4", false), "%4");
  EXPECT_EQ(decode_url("%zz+", false), "%zz+");
}

TEST(Http, HeadersIgnoreCase) {
  HttpRequest request;
  request.headers = {{"Content-Type", "x"}, {"content-type", "y"}};
  EXPECT_EQ(request.header("CONTENT-type"), "x");
  EXPECT_EQ(request.header("Accept"), "");
}

TEST(Http, OnlyItsOwnPagesMayCall) {
  HttpRequest request;
  request.headers = {{"Host", "localhost:8080"}, {"Origin", "http://localhost:8080"}};
  EXPECT_NO_THROW(check_origin(request));
  for (const char* origin : {"http://localhost:8081", "null", "https://example.com"}) {
    request.headers[1].second = origin;
    EXPECT_THROW(check_origin(request), ApiError) << origin;
  }
}

TEST(Http, NamesOfThisMachine) {
  HttpRequest request;
  request.headers = {{"Host", ""}};
  for (const char* host : {"localhost", "localhost:80", "127.0.0.1:8080", "[::1]:8080", "[::1]"}) {
    request.headers[0].second = host;
    EXPECT_TRUE(is_local_host(request)) << host;
  }
  for (const char* host : {"example.com", "localhost.example.com", "127.0.0.1.example.com:80"}) {
    request.headers[0].second = host;
    EXPECT_FALSE(is_local_host(request)) << host;
  }
}

}  // namespace
}  // namespace frugal::server

// The endpoints with a model that is a hash, and a client that is a struct.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "engine/mock_model.h"
#include "server/app.h"
#include "support/data.h"

namespace frugal::server::testing {

/// A chat template whose prompts end within the reasoning.
inline constexpr const char* kThinks =
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}<think>\n";

/// A client that takes everything.
class RecordingExchange final : public Exchange {
 public:
  void send(HttpResponse response) override;
  void start(HttpResponse head) override;
  void write(std::string text) override;
  void end() override;
  void idle_text(std::string text) override;
  void on_gone(std::function<void()> callback) override;

  /// The response, when it is complete.
  HttpResponse wait();
  HttpResponse so_far();
  /// Waits until some of the response is there.
  void wait_for_text();
  void go_away();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  HttpResponse response_;
  bool ended_ = false;
  bool gone_ = false;
  std::function<void()> on_gone_;
};

/// A server without sockets. Its model "mock" answers with characters at random; its tokenizer
/// knows single ASCII characters, <|end|>, <think> and </think>; its template writes "role:
/// content\n".
class TestServer {
 public:
  explicit TestServer(std::string chat_template = kTemplate, AppOptions options = {});
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  static constexpr const char* kTemplate =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
      "{% if add_generation_prompt %}assistant: {% endif %}";

  std::shared_ptr<RecordingExchange> begin(const std::string& method, const std::string& target,
                                           const std::string& body = {}, Headers headers = {});
  /// Waits for the whole response.
  HttpResponse ask(const std::string& method, const std::string& target, const Json& body = {},
                   Headers headers = {});
  /// The parsed body of a 200; fails the test otherwise.
  Json ask_ok(const std::string& method, const std::string& target, const Json& body = {},
              Headers headers = {});

  Store& store() { return store_; }
  App& app() { return *app_; }
  /// From now on answers end by their length only, and take seconds, so that they surely still run
  /// while a test looks. Call it before the first question.
  void never_stop();
  engine::testing::MockModel& model() { return model_; }
  const std::shared_ptr<ServedModel>& served() { return served_; }

 private:
  frugal::testing::TemporaryFolder folder_;
  engine::testing::MockModel model_;
  Store store_;
  ModelRegistry models_;
  std::shared_ptr<ServedModel> served_;
  std::unique_ptr<App> app_;
};

/// The data of a stream's events; "[DONE]" is a string.
std::vector<Json> events_of(const HttpResponse& response);

}  // namespace frugal::server::testing

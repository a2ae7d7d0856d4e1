#include "server/app_support.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>

#include "server/wire.h"

namespace frugal::server::testing {

namespace {

constexpr std::int32_t kEnd = 0;

// Token 0 ends the answer, 1 and 2 are the tags of reasoning, the others are ASCII characters.
Json tokenizer_json() {
  const auto added = [](int id, const char* text, bool special) {
    return Json{{"id", id},        {"content", text}, {"special", special}, {"single_word", false},
                {"lstrip", false}, {"rstrip", false}, {"normalized", false}};
  };
  Json vocabulary = {{"<|end|>", 0}, {"<think>", 1}, {"</think>", 2}, {"Ġ", 3}, {"Ċ", 4}};
  for (char c = '!'; c <= '~'; ++c) vocabulary[std::string(1, c)] = vocabulary.size();
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", false},
                           {"trim_offsets", true},
                           {"use_regex", true}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens",
           {added(0, "<|end|>", true), added(1, "<think>", false), added(2, "</think>", false)}},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", byte_level},
          {"decoder", byte_level},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocabulary},
            {"merges", Json::array()}}}};
}

}  // namespace

void RecordingExchange::send(HttpResponse response) {
  const std::scoped_lock lock(mutex_);
  response_ = std::move(response);
  ended_ = true;
  changed_.notify_all();
}

void RecordingExchange::start(HttpResponse head) {
  const std::scoped_lock lock(mutex_);
  response_ = std::move(head);
}

void RecordingExchange::write(std::string text) {
  const std::scoped_lock lock(mutex_);
  response_.body += text;
  changed_.notify_all();
}

void RecordingExchange::end() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void RecordingExchange::idle_text(std::string /*text*/) {}

void RecordingExchange::on_gone(std::function<void()> callback) {
  const std::scoped_lock lock(mutex_);
  on_gone_ = std::move(callback);
}

HttpResponse RecordingExchange::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_; });
  return response_;
}

HttpResponse RecordingExchange::so_far() {
  const std::scoped_lock lock(mutex_);
  return response_;
}

void RecordingExchange::wait_for_text() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !response_.body.empty(); });
}

void RecordingExchange::go_away() {
  std::function<void()> callback;
  {
    const std::scoped_lock lock(mutex_);
    callback = on_gone_;
  }
  if (callback) callback();
}

TestServer::TestServer(std::string chat_template, AppOptions options)
    : model_(99, 4000), store_(folder_.path()) {
  text::ChatFormat format = text::ChatFormat::of(std::move(chat_template));
  served_ = std::make_shared<ServedModel>(
      "mock", "fp_test", nullptr,
      text::Tokenizer::from_json(tokenizer_json().dump(), "tokenizer.json"));
  served_->format = std::move(format);
  served_->stop_tokens = {kEnd};
  engine::EngineOptions engine_options;
  engine_options.cache_tokens = 4000;
  engine_options.max_sequences = 4;
  engine_options.token_bytes = [served = served_.get()](std::int32_t token) {
    return token == kEnd ? std::string() : std::string(served->tokenizer.token_bytes(token));
  };
  served_->engine = std::make_unique<engine::Engine>(model_, std::move(engine_options));
  served_->loop = std::make_unique<engine::EngineLoop>(*served_->engine);
  models_.add("mock", 1234, [this] { return served_; });
  app_ = std::make_unique<App>(models_, store_, std::move(options));
}

TestServer::~TestServer() {
  served_->loop.reset();  // its last events need the app
}

void TestServer::never_stop() {
  served_->stop_tokens.clear();
  model_.before = [](auto, const auto&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
}

std::shared_ptr<RecordingExchange> TestServer::begin(const std::string& method,
                                                     const std::string& target,
                                                     const std::string& body, Headers headers) {
  auto exchange = std::make_shared<RecordingExchange>();
  app_->handle({method, target, std::move(headers), body}, exchange);
  return exchange;
}

HttpResponse TestServer::ask(const std::string& method, const std::string& target, const Json& body,
                             Headers headers) {
  return begin(method, target, body.is_null() ? "" : to_wire(body), std::move(headers))->wait();
}

Json TestServer::ask_ok(const std::string& method, const std::string& target, const Json& body,
                        Headers headers) {
  const HttpResponse response = ask(method, target, body, std::move(headers));
  EXPECT_EQ(response.status, 200) << response.body;
  return Json::parse(response.body);
}

std::vector<Json> events_of(const HttpResponse& response) {
  std::vector<Json> events;
  std::istringstream lines(response.body);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("data: ")) continue;
    const std::string data = line.substr(6);
    events.push_back(data == "[DONE]" ? Json(data) : Json::parse(data));
  }
  return events;
}

}  // namespace frugal::server::testing

#include "train/remote_teacher.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "net/http.h"

namespace frugal::train {

namespace {

using Clock = std::chrono::steady_clock;

// A long thinking may take this long without a byte, where the server sends it whole.
constexpr std::chrono::hours kPatience{1};
constexpr std::size_t kLargestAnswer = std::size_t{64} << 20;  // bytes
constexpr std::size_t kMostSaid = 4096;                        // bytes of a bad answer
// So many refusals before any answer are the settings' fault, not the questions'.
constexpr std::size_t kRefusedInVain = 8;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Null when it is no JSON.
Json parse_or_null(std::string_view body) {
  try {
    return parse_json(body, "the answer");
  } catch (const Error&) {
    return nullptr;
  }
}

// Of a body {"error": {"message": ...}}, as OpenAI's; "" for anything else.
std::string error_message(std::string_view body) {
  const Json json = parse_or_null(body);
  if (!json.is_object() || !json.contains("error")) return "";
  const Json& error = json["error"];
  if (error.is_string()) return error.get<std::string>();
  return error.is_object() ? text_of(error, "message") : "";
}

std::string without(std::string text, const std::string& secret) {
  if (secret.empty()) return text;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret)) {
    text.replace(at, secret.size(), "");
  }
  return text;
}

std::string advice(int status) {
  switch (status) {
    case 401:
    case 403:
      return fmt::format("; the key is read from the environment variable {}", kTeacherKey);
    case 404:
      return "; distil.teacher is the address before /chat/completions, such as "
             "https://api.deepseek.com/v1";
    default:
      return "";
  }
}

bool is_refusal(int status) { return status == 400 || status == 413 || status == 422; }

// One chat completion after the other, from several threads at once.
class Client {
 public:
  Client(const DistilOptions& o, std::string key)
      : model_(o.teacher_model),
        temperature_(o.temperature),
        top_p_(o.top_p),
        max_tokens_(o.max_tokens),
        key_(std::move(key)) {
    require(key_.find_first_of("\r\n") == std::string::npos, "{} holds more than one line",
            kTeacherKey);
    url_ = o.teacher;
    while (url_.ends_with('/')) url_.pop_back();
    url_ += "/chat/completions";
    policy_.attempts = o.teacher_attempts;
    policy_.tell = [this](const net::HttpError& error, std::chrono::milliseconds pause) {
      tell(error, pause);
    };
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  TeacherAnswer answer(const std::string& question, const std::function<bool()>& stopped) {
    const Json messages = {{{"role", "user"}, {"content", question}}};
    const Json body = {
        {"model", model_}, {"messages", messages},      {"temperature", temperature_},
        {"top_p", top_p_}, {"max_tokens", max_tokens_}, {"stream", false}};
    const std::string json = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    net::Request request;
    request.url = url_;
    request.token = key_;
    request.patience = kPatience;
    request.stopped = stopped;
    TeacherAnswer answer;
    net::with_retries(policy_, stopped, [&](bool&) {
      try {
        answer = read_completion(net::post_json(request, json, kLargestAnswer), url_);
      } catch (const net::HttpError& error) {
        throw explained(error);
      }
    });
    return answer;
  }

 private:
  // The error with what the server said, which may quote the key.
  net::HttpError explained(const net::HttpError& error) const {
    const std::string said = without(error_message(error.cause().said), key_);
    return {fmt::format("{}{}{}", error.what(), said.empty() ? "" : ": " + printable(said, 300),
                        advice(error.cause().status)),
            error.cause()};
  }

  // All requests fail together when the server does: it is said once a pause.
  void tell(const net::HttpError& error, std::chrono::milliseconds pause) {
    const std::scoped_lock lock(mutex_);
    if (Clock::now() < silent_until_) return;
    silent_until_ = Clock::now() + pause;
    log_warning("{}; trying again in {}", error.what(),
                human_seconds(std::chrono::duration<double>(pause).count()));
  }

  std::string url_;
  std::string model_;
  double temperature_;
  double top_p_;
  std::int64_t max_tokens_;
  std::string key_;
  net::RetryPolicy policy_;
  std::mutex mutex_;
  Clock::time_point silent_until_{};
};

// The requests of one call: threads that ask, and the caller who takes.
class Asking {
 public:
  Asking(Client& client, std::span<const OpenQuestion> questions)
      : client_(client), questions_(questions) {}

  void run(std::int64_t parallel, const TakeAnswer& take, const std::function<bool()>& stop) {
    std::int64_t wanted = 0;
    for (const OpenQuestion& one : questions_) wanted += one.missing;
    std::vector<std::jthread> threads;
    try {
      for (std::int64_t i = 0; i < std::min(parallel, wanted); ++i) {
        const std::scoped_lock lock(mutex_);
        threads.emplace_back([this] { work(); });
        ++working_;
      }
      while (take_what_came(take)) {
        if (stop()) halted_ = true;
      }
    } catch (...) {
      halted_ = true;  // the threads are waited for
      throw;
    }
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct Arrived {
    std::size_t question;
    TeacherAnswer answer;
    std::string refusal;  // why there is none
  };

  // False once nothing more will come.
  bool take_what_came(const TakeAnswer& take) {
    std::vector<Arrived> arrived;
    bool more = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::milliseconds(100),
                        [&] { return !arrived_.empty() || working_ == 0; });
      arrived.swap(arrived_);
      more = working_ > 0;
    }
    for (Arrived& one : arrived) {
      if (!one.refusal.empty()) {
        refused_.push_back(std::move(one));
        continue;
      }
      answered_ = true;
      take(one.question, one.answer);
    }
    require(answered_ || refused_.size() < kRefusedInVain, "{}",
            refused_.empty() ? "" : refused_.back().refusal);
    if (answered_ || (!more && !halted_)) leave_refused_empty(take);
    return more;
  }

  void leave_refused_empty(const TakeAnswer& take) {
    for (const Arrived& one : refused_) {
      log_warning("{}; this answer to {} is left empty", one.refusal,
                  printable(questions_[one.question].question.id));
      take(one.question, one.answer);
    }
    refused_.clear();
  }

  void work() {
    std::exception_ptr error;
    try {
      while (const auto question = next()) ask(*question);
    } catch (const net::Interrupted&) {  // halted
    } catch (...) {
      error = std::current_exception();
    }
    const std::scoped_lock lock(mutex_);
    if (error && !error_) error_ = error;
    if (error) halted_ = true;
    --working_;
    changed_.notify_one();
  }

  // The question of the next request: all answers to the first one, then to the second...
  std::optional<std::size_t> next() {
    const std::scoped_lock lock(mutex_);
    while (at_ < questions_.size() && asked_ == questions_[at_].missing) {
      ++at_;
      asked_ = 0;
    }
    if (halted_ || at_ == questions_.size()) return std::nullopt;
    ++asked_;
    return at_;
  }

  void ask(std::size_t question) {
    Arrived arrived{question, {}, ""};
    try {
      arrived.answer =
          client_.answer(questions_[question].question.text, [this] { return halted_.load(); });
    } catch (const net::HttpError& error) {
      if (!is_refusal(error.cause().status)) throw;
      arrived.refusal = error.what();
    }
    const std::scoped_lock lock(mutex_);
    arrived_.push_back(std::move(arrived));
    changed_.notify_one();
  }

  Client& client_;
  std::span<const OpenQuestion> questions_;
  std::atomic<bool> halted_{false};
  std::mutex mutex_;  // over all until the next empty line
  std::condition_variable changed_;
  std::size_t at_ = 0;      // the question that is asked
  std::int64_t asked_ = 0;  // times so far
  std::int64_t working_ = 0;
  std::vector<Arrived> arrived_;
  std::exception_ptr error_;

  bool answered_ = false;         // the caller's, like the next
  std::vector<Arrived> refused_;  // until it is known that the server answers others
};

}  // namespace

TeacherAnswer read_completion(std::string_view body, const std::string& url) {
  const auto broken = [&](const std::string& why) {
    return net::HttpError(
        fmt::format("{}: {}", net::url_for_people(url), why),
        {.status = 200, .transient = true, .said = std::string(body.substr(0, kMostSaid))});
  };
  const Json json = parse_or_null(body);
  if (!json.is_object()) throw broken("the answer broke off or is no JSON");
  const Json choice = json.value(Json::json_pointer("/choices/0"), Json());
  const Json message = choice.is_object() ? choice.value("message", Json()) : Json();
  const Json content = message.is_object() ? message.value("content", Json()) : Json(0);
  if (!content.is_string() && !content.is_null()) throw broken("the answer holds no message");
  const std::string finish = text_of(choice, "finish_reason");
  if (finish == "insufficient_system_resource") throw broken("the server lacked resources");
  std::string completion = text_of(message, "content");
  // A template that opens the thinking leaves only its end to the model.
  bool opened = completion.find(tasks::kThinkEnd) != std::string::npos;
  for (const char* key : {"reasoning_content", "reasoning"}) {
    const std::string thinking = text_of(message, key);
    if (thinking.empty()) continue;
    completion = fmt::format("{}{}{}", thinking, tasks::kThinkEnd, text_of(message, "content"));
    opened = true;
    break;
  }
  return {tasks::split_reply(opened ? tasks::kThinkBegin : "", completion), finish != "stop"};
}

Teacher remote_teacher(const DistilOptions& options, const std::string& key) {
  const auto client = std::make_shared<Client>(options, key);
  return [client, parallel = options.parallel](std::span<const OpenQuestion> questions,
                                               const TakeAnswer& take,
                                               const std::function<bool()>& stop) {
    Asking(*client, questions).run(parallel, take, stop);
  };
}

}  // namespace frugal::train

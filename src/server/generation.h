// One question to a model, with its answers, whatever the protocol that it came by.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/served_model.h"
#include "text/thinking.h"
#include "text/tool_calls.h"

namespace frugal::server {

enum class Ending {
  stop,       // the model ended, or a stop string
  length,     // max_tokens, or the context is full
  cancelled,  // the client went away
  cut_off,    // the server is stopping
  error,      // the model failed
};

/// Tokens, by which answers are paid.
struct Usage {
  std::int64_t prompt = 0;
  std::int64_t cached = 0;  // of the prompt: found in the prefix cache
  std::int64_t output = 0;
  std::int64_t reasoning = 0;   // of the output
  double seconds_to_first = 0;  // from the start to the first token
  double seconds = 0;           // to the end

  std::int64_t missed() const { return prompt - cached; }
  std::int64_t total() const { return prompt + output; }
};

struct GenerationPlan {
  engine::Request request;
  int choices = 1;  // each with its own seed: that of the request, and the next ones
  /// The prompt as text, which tells whether the reasoning has begun. None: the output is not cut
  /// into reasoning and answer.
  std::optional<std::string> chat_prompt{};
  /// How the answer would write calls of tools; none: there are no tools.
  std::optional<text::ToolStyle> tools{};
  /// Most tokens of reasoning; then </think> is put into the model's mouth.
  std::optional<std::int64_t> thinking_tokens{};
};

/// A piece of an answer. Text may lag behind the tokens: a token may end inside a character, or in
/// what could be a tag or a stop string.
struct Delta {
  int choice = 0;
  std::string reasoning{};
  std::string content{};
  std::vector<text::ToolCall> calls{};
  const engine::Sample* token = nullptr;  // null: text alone
  bool token_is_reasoning = false;
};

struct ChoiceEnd {
  int choice = 0;
  Ending ending = Ending::stop;
  bool called = false;  // it ended with calls of tools
  std::optional<std::string> stop_string{};
  std::string error{};
};

/// Gets what happens, call after call, and takes no time: the engine's thread waits meanwhile.
class GenerationListener {
 public:
  virtual ~GenerationListener() = default;
  virtual void on_delta(const Delta& delta) = 0;
  virtual void on_choice_end(const ChoiceEnd& end) = 0;
  /// Last, after the ends of all choices. `worst` is the last in the order of Ending.
  virtual void on_done(const Usage& usage, Ending worst) = 0;
};

class Generation : public std::enable_shared_from_this<Generation> {
 public:
  /// Submits to the model's engine. Throws Error when the engine refuses the request.
  static std::shared_ptr<Generation> start(std::shared_ptr<ServedModel> model, GenerationPlan plan,
                                           std::shared_ptr<GenerationListener> listener);

  /// Ends it before the engine's next step, as `cancelled` or `cut_off`. Any thread.
  void cancel(Ending how);

  Generation(std::shared_ptr<ServedModel> model, GenerationPlan plan,
             std::shared_ptr<GenerationListener> listener);
  ~Generation();
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

 private:
  struct Choice {
    std::optional<text::ThinkingSplitter> splitter;
    std::optional<text::ToolCallParser> tools;
    bool called = false;
    std::shared_ptr<engine::TokenConstraint> constraint;
    std::vector<std::int32_t> tokens;  // prompt and output, kept while the reasoning is limited
    std::int64_t output = 0;
    std::int64_t reasoning = 0;
    std::optional<std::int64_t> cached;  // when its first request ended
    bool closing = false;  // the reasoning was ended; what comes next follows </think>
    bool ended = false;
  };

  void submit(int index, engine::Request request);
  void on_event(int index, const engine::Event& event);
  void emit(int index, const std::string& text, const engine::Sample* token, bool last);
  bool thinks(const Choice& choice) const { return choice.splitter && choice.splitter->thinking(); }
  void close_thinking(int index);
  double seconds() const;
  void end_choice(int index, const engine::Finish& finish);

  std::shared_ptr<ServedModel> model_;
  GenerationPlan plan_;
  std::shared_ptr<GenerationListener> listener_;
  std::vector<Choice> choices_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Usage usage_;
  Ending worst_ = Ending::stop;
  int left_;

  std::mutex mutex_;
  std::vector<engine::RequestId> ids_;  // by choice; 0: not submitted. Guarded, as is:
  std::optional<Ending> cancelled_{};
};

}  // namespace frugal::server

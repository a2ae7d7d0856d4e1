// A conversation on the terminal.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "cli/answer.h"
#include "cli/line_editor.h"
#include "cli/loaded_model.h"
#include "cli/terminal.h"
#include "text/chat_format.h"
#include "text/thinking.h"

namespace frugal::cli {

/// What one conversation needs besides the model.
struct ChatSettings {
  std::string model_name;    // as the person called it
  std::string introduction;  // shown once at the beginning; empty: none
  std::string system;        // empty: none
  SamplingFlags sampling;
  std::optional<bool> think;  // for templates that know a switch
};

/// Asks, answers, remembers. Answers go to standard output, all else to standard error, so that a
/// pipe holds answers only. Throws Interrupted on Ctrl-C when input is no terminal.
class Chat {
 public:
  Chat(LoadedModel& model, const text::Tokenizer& tokenizer, text::ChatFormat format,
       ChatSettings settings);

  /// Until /exit, Ctrl-D, Ctrl-C twice, or the end of the input.
  void run();

 private:
  enum class Next { ask, leave };

  void greet() const;
  Next handle(std::string line);
  Next run_command(const std::string& line);
  void answer(const std::string& message);
  text::ChatRequest request() const;
  void print(const text::OutputPart& part);
  void end_answer(const Answer& answer);
  void report(const Answer& answer) const;
  void save(const std::string& path) const;
  void note(const std::string& text) const;

  LoadedModel& model_;
  const text::Tokenizer& tokenizer_;
  text::ChatFormat format_;
  ChatSettings settings_;
  std::vector<std::int32_t> stop_tokens_;
  std::unique_ptr<engine::Engine> engine_;
  InterruptWatch watch_;
  LineEditor editor_;
  Style style_;       // of answers
  Style note_style_;  // of notes
  Json messages_ = Json::array();
  // The answer that is being written.
  TerminalText safe_;
  bool in_thinking_ = false;
  text::OutputPart thinking_{true, ""};
  text::OutputPart reply_{false, ""};
};

}  // namespace frugal::cli

// Reads what a person types, with editing and history, or lines of a pipe.
#pragma once

#include <memory>
#include <string>

namespace frugal::cli {

/// On a terminal, by libedit: arrow keys, history, UTF-8; Alt+Enter or a backslash at the end of
/// the line go on in a new line, and text that is pasted stays together, newlines included. When
/// standard input is no terminal, each line of it is one message and no prompt is shown.
class LineEditor {
 public:
  enum class Outcome {
    line,
    interrupted,  // Ctrl-C, with an InterruptWatch alive; what was typed is dropped
    end,          // Ctrl-D, or the end of the input
  };

  LineEditor();
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  bool interactive() const;
  /// Sets `line` to what was entered, without the newline at its end.
  Outcome read(std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace frugal::cli

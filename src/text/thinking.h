// Tells the reasoning in a model's output from the answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frugal::text {

struct OutputPart {
  bool thinking = false;
  std::string text;
  bool operator==(const OutputPart&) const = default;
};

/// Takes output in pieces and cuts it at <think> and </think>, which vanish. Templates of R1 models
/// end the prompt with <think>, so that the output begins in the middle of the reasoning. Only
/// output that begins with <think>, blank space aside, is taken for reasoning: further on, the tags
/// are words like others, such as in an answer about them.
class ThinkingSplitter {
 public:
  /// `prompt`: what the model was given.
  explicit ThinkingSplitter(std::string_view prompt);

  /// Parts that are certain now; text that may be the start of a tag is kept.
  std::vector<OutputPart> feed(std::string_view text);
  /// What was kept.
  std::vector<OutputPart> finish();

  bool thinking() const { return state_ == State::thinking; }

 private:
  enum class State { start, thinking, answer_start, answer };
  void step(std::vector<OutputPart>& parts, bool at_end);
  bool step_start(bool at_end);
  bool step_thinking(std::vector<OutputPart>& parts, bool at_end);

  State state_ = State::start;
  std::string kept_;
};

}  // namespace frugal::text

// How a question is put to a model.
#pragma once

#include <optional>
#include <string>

#include "tasks/question.h"
#include "text/chat_format.h"

namespace frugal::tasks {

/// What the prompt says of the thinking.
enum class ThinkMode {
  open,   // nothing more than the template does
  force,  // it ends with <think>, as R1 wants to be asked
  empty,  // it ends with a thinking that is empty and closed
};

/// Writes prompts as a chat template wants them, or by R1-Zero's template for models without one.
class PromptMaker {
 public:
  /// Without a chat format, or with `zero`: the template of R1-Zero (R1 report, table 1).
  PromptMaker(std::optional<text::ChatFormat> format, bool zero, ThinkMode thinking);

  std::string operator()(const Question& question) const;

 private:
  std::optional<text::ChatFormat> format_;
  bool zero_;
  ThinkMode thinking_;
};

}  // namespace frugal::tasks

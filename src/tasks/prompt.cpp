#include "tasks/prompt.h"

#include <fmt/format.h>

namespace frugal::tasks {

namespace {

constexpr const char* kZeroTemplate =
    "A conversation between User and Assistant. The user asks a question, and the Assistant solves "
    "it. The assistant first thinks about the reasoning process in the mind and then provides the "
    "user with the answer. The reasoning process and answer are enclosed within <think> </think> "
    "and <answer> </answer> tags, respectively, i.e., <think> reasoning process here </think> "
    "<answer> answer here </answer>. User: {}. Assistant:";

}  // namespace

PromptMaker::PromptMaker(std::optional<text::ChatFormat> format, bool zero, ThinkMode thinking)
    : format_(std::move(format)), zero_(zero || !format_.has_value()), thinking_(thinking) {}

std::string PromptMaker::operator()(const Question& question) const {
  std::string prompt;
  if (zero_) {
    prompt = fmt::format(fmt::runtime(kZeroTemplate), question.text);
  } else {
    text::ChatRequest request;
    request.messages.push_back({{"role", "user"}, {"content", question.text}});
    prompt = format_->render(request);
  }
  if (thinking_ == ThinkMode::open) return prompt;
  std::string_view end = prompt;
  while (end.ends_with('\n') || end.ends_with(' ')) end.remove_suffix(1);
  if (!end.ends_with(kThinkBegin)) {
    prompt += kThinkBegin;
    prompt += '\n';
  }
  if (thinking_ == ThinkMode::empty) prompt += fmt::format("\n{}\n\n", kThinkEnd);
  return prompt;
}

}  // namespace frugal::tasks

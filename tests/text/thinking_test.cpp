#include "text/thinking.h"

#include <gtest/gtest.h>

namespace frugal::text {
namespace {

// Reasoning and answer of `output`, fed in pieces of `step` bytes.
std::pair<std::string, std::string> split(std::string_view prompt, std::string_view output,
                                          std::size_t step) {
  ThinkingSplitter splitter(prompt);
  std::pair<std::string, std::string> result;
  const auto take = [&](const std::vector<OutputPart>& parts) {
    for (const OutputPart& part : parts) {
      (part.thinking ? result.first : result.second) += part.text;
    }
  };
  for (std::size_t at = 0; at < output.size(); at += step)
    take(splitter.feed(output.substr(at, step)));
  take(splitter.finish());
  return result;
}

void expect(std::string_view prompt, std::string_view output, const std::string& thinking,
            const std::string& answer) {
  for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 100UL}) {
    EXPECT_EQ(split(prompt, output, step), std::pair(thinking, answer)) << output << " by " << step;
  }
}

TEST(Thinking, PlainAnswers) {
  expect("user: hi", "Hello.", "", "Hello.");
  expect("", "  <b>bold</b> a<th", "", "  <b>bold</b> a<th");
  expect("", "", "", "");
}

TEST(Thinking, BetweenTags) {
  expect("", "<think>\nlet me see</think>\n\nForty-two.", "\nlet me see", "Forty-two.");
  expect("", "\n<think>a</b </think>c", "a</b ", "c");
}

TEST(Thinking, ThePromptMayHaveOpenedIt) {
  expect("<|Assistant|><think>\n", "hm</think>\n\nYes.", "hm", "Yes.");
  expect("<think>", "never ends </thi", "never ends </thi", "");
  expect("<think>\n\n</think>\n\n", "Yes.", "", "Yes.");
}

TEST(Thinking, TagsInAnAnswerAreWords) {
  expect("", "The tag <think> opens it.", "", "The tag <think> opens it.");
  expect("<think>", "a</think>then </think> again", "a", "then </think> again");
}

}  // namespace
}  // namespace frugal::text

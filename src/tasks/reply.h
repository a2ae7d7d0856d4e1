// What a model said: its thinking, its answer, and what the answer comes down to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::tasks {

inline constexpr std::string_view kThinkBegin = "<think>";
inline constexpr std::string_view kThinkEnd = "</think>";

struct Reply {
  std::string thinking;
  std::string answer;  // what follows the thinking, or everything when there is none
  bool has_thinking = false;
  bool closed = true;  // the thinking came to an end
};

/// Cuts a completion at its think tags. Templates of R1 models end the prompt with <think>, so the
/// completion begins inside: `prompt` tells. The thinking ends at the first </think>; a completion
/// that never gets there has no answer.
Reply split_reply(std::string_view prompt, std::string_view completion);

/// Whether a reply has R1's form: thinking that is not empty, closed once, and an answer after it
/// with no further tag.
bool is_well_formed(const Reply& reply);

/// What an answer comes down to, by the first of these rules that applies:
///  1. the contents of its \boxed{}; several that do not say the same count as none;
///  2. the contents of its last <answer> tag;
///  3. what follows the last "####";
///  4. what follows the last "answer is", "answer:" or its like in Arabic or Chinese, to the end of
///     the sentence;
///  5. the whole answer, when it is one line without a sentence;
///  6. the last number.
/// `question` is cut out where it is echoed, so that its own numbers are no answer.
std::optional<std::string> final_answer(std::string_view answer, std::string_view question);

/// The contents of each \boxed{} in turn, empty ones left out.
std::vector<std::string> boxed(std::string_view text);

}  // namespace frugal::tasks

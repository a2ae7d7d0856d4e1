// A question whose answer a rule can verify.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "tasks/reply.h"

namespace frugal::tasks {

/// How an answer is compared with the reference.
enum class Check {
  value,      // as mathematics: same_answer()
  sequence,   // items parted by commas or blanks, in order
  countdown,  // an expression over the very numbers of the reference that has its value
};

struct Question {
  std::string id;               // names it within its task: "arithmetic:17"
  std::string text;             // what the user says
  std::string answer;           // the reference
  std::string solution;         // worked steps that lead to it; empty when none are known
  std::string language = "en";  // of the thinking that is wanted: "en", "ar" or "zh"
  Check check = Check::value;
};

/// Whether what a reply answers is right. Only the answer counts, never the thinking.
bool is_right(const Question& question, const Reply& reply);

/// The same for a final answer.
bool is_right_answer(const Question& question, std::string_view final_answer);

/// Share of the letters of `text` that are of the language's script, 0 to 1; 1 when it has none.
double language_share(std::string_view text, std::string_view language);

}  // namespace frugal::tasks

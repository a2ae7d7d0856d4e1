#include "train/same_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "tasks/reply.h"
#include "train/conversations.h"

namespace frugal::train {

void require_same_tokens(const BaseModel& teacher, const BaseModel& student) {
  const std::string both = fmt::format("the teacher {} and the student {}", teacher.path.string(),
                                       student.path.string());
  const std::int32_t sizes[] = {teacher.tokenizer.vocab_size(), student.tokenizer.vocab_size()};
  const auto [shorter, longer] = std::minmax(sizes[0], sizes[1]);
  require(std::int64_t{longer} * 9 <= std::int64_t{shorter} * 10,
          "{} have different vocabularies, of {} and {} tokens; logits can be learned where they "
          "are the same",
          both, sizes[0], sizes[1]);
  for (std::int32_t id = 0; id < shorter; ++id) {
    const std::string_view theirs = teacher.tokenizer.token_text(id);
    const std::string_view ours = student.tokenizer.token_text(id);
    require(theirs == ours,
            "{} have different vocabularies: token {} is \"{}\" to one and \"{}\" to the other; "
            "logits can be learned where they are the same",
            both, id, printable(theirs), printable(ours));
  }
  const std::string answer = fmt::format("{}\nOne and one are two.\n{}\n\\boxed{{2}}",
                                         tasks::kThinkBegin, tasks::kThinkEnd);
  const Json messages = {{{"role", "user"}, {"content", "What is 1 + 1?"}},
                         {{"role", "assistant"}, {"content", answer}}};
  const Json conversation = {{"messages", messages}};
  const Sample theirs = samples_of(teacher, conversation, "an example").front();
  const Sample ours = samples_of(student, conversation, "an example").front();
  require(
      theirs.tokens == ours.tokens && theirs.learned == ours.learned,
      "{} write the same conversation with different tokens; give the student the chat template "
      "and the end of turn of the teacher, or leave distil.logits away",
      both);
}

}  // namespace frugal::train

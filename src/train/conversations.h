// Chat-format JSONL as training samples: the model learns what it answers, not what it is asked.
#pragma once

#include <filesystem>
#include <vector>

#include "base/json.h"
#include "train/base_model.h"
#include "train/loss.h"

namespace frugal::train {

/// Tokens of one sequence and which of them are learned.
struct Sample {
  std::vector<std::int32_t> tokens;
  std::vector<bool> learned;  // [tokens]: said by the assistant
};

/// A conversation {"messages": [{"role", "content"}, ...]} as the chat template writes it, cut at
/// each answer: what stands before it is the prompt that asks for it, so that training sees the
/// very tokens that generation sees. The answer and the token that ends it are learned. An answer
/// whose earlier turns the template rewrites (R1's drops their thinking) starts a sequence of its
/// own. Throws Error naming `where` on anything that is no conversation with an answer.
std::vector<Sample> samples_of(const BaseModel& base, const Json& conversation,
                               const std::string& where);

struct Conversations {
  std::vector<Sample> samples;
  std::int64_t too_long = 0;  // left out
};

/// All lines of a file; samples of more than `longest` tokens are left out and counted.
Conversations read_conversations(const BaseModel& base, const std::filesystem::path& file,
                                 std::int64_t longest);

/// Adds a sample as a sequence of its own: packed samples do not see each other.
void append(const Sample& sample, Batch& batch);

}  // namespace frugal::train

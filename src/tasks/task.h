// Where questions come from: a generator with a seed, or a file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tasks/question.h"

namespace frugal::tasks {

/// Generated questions fall into two parts that share no question; word problems of the held-out
/// part also have sentences of their own, which training never shows. Files are one part.
enum class Part { training, held_out };

class Task {
 public:
  virtual ~Task() = default;
  virtual const std::string& name() const = 0;
  /// How many questions there are; nothing when they never end.
  virtual std::optional<std::int64_t> size() const = 0;
  /// A pure function of the task and the index, which is below size() or any that is not negative.
  virtual Question question(std::int64_t index) const = 0;
};

/// A family of generated questions.
struct Family {
  std::string name;
  std::string description;
};
std::vector<Family> families();

/// `spec` is the name of a family, with a level after a colon if not the normal one
/// ("arithmetic:easy", "arithmetic:hard"), several joined by "+" (questions in turn), or a file:
/// JSON lines or a JSON array of objects with question (or problem) and answer (or solution), or
/// tab-separated question and answer, as GSM8K, MATH, AIME and MGSM come. These ask for an answer
/// in a box; a "prompt" instead of a question is asked as it stands. Throws Error naming what is
/// unknown, and file, line and field where a question lacks one.
std::unique_ptr<Task> open_task(const std::string& spec, Part part, std::uint64_t seed);

}  // namespace frugal::tasks

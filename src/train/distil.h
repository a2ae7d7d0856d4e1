// Distillation as R1 did it: a teacher answers, a rule keeps what is right, a student is tuned.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "eval/asking.h"
#include "train/tune.h"

namespace frugal::train {

struct DistilOptions {
  std::string teacher;        // a model's folder or .gguf, or the URL of a server
  std::string teacher_model;  // what the server calls it
  int teacher_attempts = 8;   // to get an answer of the server, with growing pauses
  std::string task;
  std::int64_t questions = 1000;
  std::int64_t samples = 4;  // answers to each
  std::int64_t keep = 1;     // right answers of a question that are learned, at most
  double similarity = 0.8;   // answers to a question that share more than this count as one
  double temperature = 0.6;  // as R1 is evaluated
  double top_p = 0.95;
  std::int64_t max_tokens = 512;
  std::int64_t parallel = 16;
  std::uint64_t seed = 1;
  bool force_think = false;
  bool logits = false;  // the student learns the teacher's whole distributions
  int threads = 0;
  TuneOptions student;  // its data is what the teacher gives

  bool teacher_is_url() const {
    return teacher.starts_with("http://") || teacher.starts_with("https://");
  }
};

/// What a teacher says to a question.
struct TeacherAnswer {
  tasks::Reply reply;
  bool truncated = false;  // it came to no end
};

/// A question with the answers that are still wanted.
struct OpenQuestion {
  tasks::Question question;
  std::int64_t missing = 0;
};

/// Gives the missing answers to each question, in any order: `take` gets each one, with the
/// question's place in the list, on the caller's thread. Returns early when `stop` says so. Throws
/// Error when it can answer no more; what was taken before counts.
using TakeAnswer = std::function<void(std::size_t question, const TeacherAnswer& answer)>;
using Teacher = std::function<void(std::span<const OpenQuestion> questions, const TakeAnswer& take,
                                   const std::function<bool()>& stop)>;

/// A model on an engine, which the teacher borrows.
Teacher engine_teacher(const DistilOptions& options, engine::Engine& engine,
                       const eval::Asker& asker);

/// One answer of the teacher, as a line of samples.jsonl holds it.
struct TeacherSample {
  std::string id;  // of the question
  std::string question;
  std::string completion;  // with its thinking in tags, opened ones too
  bool right = false;
};

/// The answers to learn from: right ones, of each question at most `keep` that do not resemble
/// each other, in the order given.
std::vector<TeacherSample> select(const std::vector<TeacherSample>& samples, std::int64_t keep,
                                  double similarity);

/// Share of the five-character pieces of two texts that both have (Jaccard), 0 to 1.
double resemblance(std::string_view a, std::string_view b);

/// The teacher's answers, written to samples.jsonl as they come: a file that is there already is
/// continued, so that nothing that was generated is lost. teacher.json beside it holds how they
/// were drawn. Stops early when `stop` says so. Throws Error when they were drawn in another way,
/// and when the teacher fails, saying how many answers are kept.
std::vector<TeacherSample> collect(const DistilOptions& options, const Teacher& teacher,
                                   const std::filesystem::path& file,
                                   const std::function<bool()>& stop);

/// Writes conversations for tuning; throws Error when there are none.
void write_conversations(const std::vector<TeacherSample>& samples,
                         const std::filesystem::path& file);

}  // namespace frugal::train

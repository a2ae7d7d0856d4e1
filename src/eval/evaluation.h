// One evaluation: a model, a task, k samples a question.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/asking.h"
#include "eval/statistics.h"

namespace frugal::eval {

/// What is kept of one question: a line of the log.
struct QuestionResult {
  std::string id;
  std::int64_t samples = 0;
  std::int64_t right = 0;
  bool consensus_right = false;  // cons@k: the most frequent answer is right
  std::int64_t well_formed = 0;
  std::int64_t truncated = 0;
  std::int64_t tokens = 0;  // of all completions
  std::int64_t prompt_tokens = 0;
  double seconds = 0;  // from the end of the question before it: all together the time of the run
};

QuestionResult result_of(const tasks::Question& question, const std::vector<Answered>& samples);

/// Which of several final answers the majority gives, answers that say the same counted together;
/// the first of equals. Nothing when none of them is there.
std::optional<std::size_t> consensus(const tasks::Question& question,
                                     const std::vector<Answered>& samples);

/// The log of an evaluation, one JSON line a question after a first line that says of what. An
/// evaluation that is run again with the same log goes on where it was stopped.
class EvalLog {
 public:
  /// Without a path nothing is written. Throws Error when the file is of another evaluation.
  EvalLog(std::filesystem::path path, const Json& header);

  const std::map<std::string, QuestionResult>& results() const { return results_; }
  /// Writes a question with its answers, at once and as a whole.
  void add(const tasks::Question& question, const std::vector<Answered>& samples, double seconds);

 private:
  std::filesystem::path path_;
  std::map<std::string, QuestionResult> results_;
};

struct Summary {
  std::int64_t questions = 0;
  std::int64_t samples = 0;  // of each question
  Estimate pass_at_1;
  std::map<std::int64_t, Estimate> pass_at_k;  // k = 2, 4, 8 ... and the number of samples
  std::optional<Estimate> cons_at_k;           // from 2 samples on
  double well_formed = 0;                      // share of the samples
  double truncated = 0;
  double tokens_per_answer = 0;
  std::int64_t tokens = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t right = 0;  // samples
  double seconds = 0;
};

Summary summarize(const std::map<std::string, QuestionResult>& results);

/// Prices are per hour of this machine.
Json summary_json(const Summary& summary, double price_per_hour);
std::string summary_table(const Summary& summary, double price_per_hour);

}  // namespace frugal::eval

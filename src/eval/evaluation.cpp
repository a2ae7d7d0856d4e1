#include "eval/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/progress.h"

namespace frugal::eval {

namespace {

namespace fs = std::filesystem;

Json line_of(const tasks::Question& question, const QuestionResult& result,
             const std::vector<Answered>& samples) {
  Json list = Json::array();
  for (const Answered& sample : samples) {
    list.push_back({{"completion", sample.completion},
                    {"answer", sample.final_answer},
                    {"right", sample.right},
                    {"truncated", sample.truncated},
                    {"tokens", sample.tokens.size()}});
  }
  return {{"id", result.id},
          {"question", question.text},
          {"reference", question.answer},
          {"prompt", samples.empty() ? "" : samples.front().prompt},
          {"right", result.right},
          {"consensus_right", result.consensus_right},
          {"well_formed", result.well_formed},
          {"truncated", result.truncated},
          {"tokens", result.tokens},
          {"prompt_tokens", result.prompt_tokens},
          {"seconds", result.seconds},
          {"samples", std::move(list)}};
}

QuestionResult parse_line(const Json& line) {
  QuestionResult result;
  result.id = line.at("id").get<std::string>();
  result.samples = static_cast<std::int64_t>(line.at("samples").size());
  result.right = line.at("right").get<std::int64_t>();
  result.consensus_right = line.at("consensus_right").get<bool>();
  result.well_formed = line.at("well_formed").get<std::int64_t>();
  result.truncated = line.at("truncated").get<std::int64_t>();
  result.tokens = line.at("tokens").get<std::int64_t>();
  result.prompt_tokens = line.at("prompt_tokens").get<std::int64_t>();
  result.seconds = line.at("seconds").get<double>();
  return result;
}

// Text that a model produced may hold broken UTF-8 from a tokenizer of bytes.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double per_right(double amount, std::int64_t right) {
  return right == 0 ? 0 : amount / static_cast<double>(right);
}

Json estimate_json(const Estimate& e) {
  return {{"value", e.value}, {"low", e.low}, {"high", e.high}};
}

}  // namespace

std::optional<std::size_t> consensus(const tasks::Question& question,
                                     const std::vector<Answered>& samples) {
  std::vector<std::pair<std::size_t, int>> groups;  // the first answer of each, and how many
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].final_answer.empty() || samples[i].truncated) continue;
    tasks::Question as_reference = question;
    bool found = false;
    for (auto& [first, count] : groups) {
      as_reference.answer = samples[first].final_answer;
      const bool same = samples[first].final_answer == samples[i].final_answer ||
                        tasks::is_right_answer(as_reference, samples[i].final_answer);
      if (!same) continue;
      ++count;
      found = true;
      break;
    }
    if (!found) groups.emplace_back(i, 1);
  }
  const auto best = std::ranges::max_element(
      groups, [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == groups.end() ? std::nullopt : std::optional(best->first);
}

QuestionResult result_of(const tasks::Question& question, const std::vector<Answered>& samples) {
  QuestionResult result;
  result.id = question.id;
  result.samples = static_cast<std::int64_t>(samples.size());
  for (const Answered& sample : samples) {
    result.right += sample.right ? 1 : 0;
    result.well_formed += tasks::is_well_formed(sample.reply) ? 1 : 0;
    result.truncated += sample.truncated ? 1 : 0;
    result.tokens += static_cast<std::int64_t>(sample.tokens.size());
    result.prompt_tokens += static_cast<std::int64_t>(sample.prompt_tokens.size());
  }
  const std::optional<std::size_t> most = consensus(question, samples);
  result.consensus_right = most && samples[*most].right;
  return result;
}

EvalLog::EvalLog(fs::path path, const Json& header) : path_(std::move(path)) {
  if (path_.empty()) return;
  std::string whole = dump(header) + "\n";  // of what is there, without a last line cut in two
  if (fs::exists(path_) && fs::file_size(path_) > 0) {
    const MappedFile file(path_);
    std::string_view rest = file.text();
    std::string kept;
    for (std::int64_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = rest.find('\n');
      if (end == std::string_view::npos) break;
      const std::string_view line = rest.substr(0, end);
      const Json json = parse_json(line, fmt::format("{} line {}", path_.string(), number));
      if (number == 1) {
        require(json == header,
                "{} is the log of another evaluation; give another --out, or remove it",
                path_.string());
      } else {
        const QuestionResult result = parse_line(json);
        results_[result.id] = result;
      }
      kept += fmt::format("{}\n", line);
      rest.remove_prefix(end + 1);
    }
    if (!kept.empty()) whole = std::move(kept);
  } else if (path_.has_parent_path()) {
    fs::create_directories(path_.parent_path());
  }
  write_text(path_, whole);
}

void EvalLog::add(const tasks::Question& question, const std::vector<Answered>& samples,
                  double seconds) {
  QuestionResult result = result_of(question, samples);
  result.seconds = seconds;
  results_[result.id] = result;
  if (path_.empty()) return;
  std::ofstream file(path_, std::ios::app | std::ios::binary);
  file << dump(line_of(question, result, samples)) << '\n';
  file.flush();
  require(file.good(), "cannot write {}: {}", path_.string(), errno_text(errno));
}

Summary summarize(const std::map<std::string, QuestionResult>& results) {
  Summary s;
  s.questions = static_cast<std::int64_t>(results.size());
  if (results.empty()) return s;
  s.samples = results.begin()->second.samples;
  std::vector<double> consensus_values;
  std::map<std::int64_t, std::vector<double>> passes;
  for (std::int64_t k = 1; k < s.samples; k *= 2) passes[k];
  passes[s.samples];
  double well_formed = 0;
  double truncated = 0;
  for (const auto& [id, r] : results) {
    for (auto& [k, values] : passes) values.push_back(pass_at_k(r.samples, r.right, k));
    consensus_values.push_back(r.consensus_right ? 1 : 0);
    well_formed += static_cast<double>(r.well_formed);
    truncated += static_cast<double>(r.truncated);
    s.tokens += r.tokens;
    s.prompt_tokens += r.prompt_tokens;
    s.right += r.right;
    s.seconds += r.seconds;
  }
  const double answers = static_cast<double>(s.questions) * static_cast<double>(s.samples);
  s.well_formed = well_formed / answers;
  s.truncated = truncated / answers;
  s.tokens_per_answer = static_cast<double>(s.tokens) / answers;
  s.pass_at_1 = estimate(passes.at(1));
  for (const auto& [k, values] : passes) {
    if (k > 1) s.pass_at_k[k] = estimate(values);
  }
  if (s.samples > 1) s.cons_at_k = estimate(consensus_values);
  return s;
}

Json summary_json(const Summary& s, double price_per_hour) {
  Json passes = Json::object();
  for (const auto& [k, e] : s.pass_at_k) passes[std::to_string(k)] = estimate_json(e);
  const double dollars = s.seconds / 3600 * price_per_hour;
  return {{"questions", s.questions},
          {"samples", s.samples},
          {"pass@1", estimate_json(s.pass_at_1)},
          {"pass@k", passes},
          {"cons@k", s.cons_at_k ? estimate_json(*s.cons_at_k) : Json(nullptr)},
          {"well_formed", s.well_formed},
          {"truncated", s.truncated},
          {"tokens", s.tokens},
          {"prompt_tokens", s.prompt_tokens},
          {"tokens_per_answer", s.tokens_per_answer},
          {"right_answers", s.right},
          {"tokens_per_right_answer",
           s.right > 0 ? Json(per_right(static_cast<double>(s.tokens), s.right)) : Json(nullptr)},
          {"seconds", s.seconds},
          {"cost_usd", dollars},
          {"cost_usd_per_right_answer",
           s.right > 0 ? Json(per_right(dollars, s.right)) : Json(nullptr)}};
}

std::string summary_table(const Summary& s, double price_per_hour) {
  std::string text;
  const auto row = [&](const std::string& name, const std::string& value) {
    text += fmt::format("{:<24} {}\n", name, value);
  };
  const auto percent = [](const Estimate& e) {
    return fmt::format("{:5.1f} %   (95 %: {:.1f} to {:.1f})", 100 * e.value, 100 * e.low,
                       100 * e.high);
  };
  row("questions x samples", fmt::format("{} x {}", s.questions, s.samples));
  row("pass@1", percent(s.pass_at_1));
  for (const auto& [k, e] : s.pass_at_k) row(fmt::format("pass@{}", k), percent(e));
  if (s.cons_at_k) row(fmt::format("cons@{}", s.samples), percent(*s.cons_at_k));
  row("well-formed thinking", fmt::format("{:5.1f} %", 100 * s.well_formed));
  row("cut off", fmt::format("{:5.1f} %", 100 * s.truncated));
  row("tokens an answer", fmt::format("{:.1f}", s.tokens_per_answer));
  if (s.right > 0) {
    row("tokens a right answer",
        fmt::format("{:.1f}", per_right(static_cast<double>(s.tokens), s.right)));
    row("time a right answer", fmt::format("{:.2f} s", per_right(s.seconds, s.right)));
    if (price_per_hour > 0) {
      row("cost a right answer",
          fmt::format("${:.6f}", per_right(s.seconds / 3600 * price_per_hour, s.right)));
    }
  }
  row("time", human_seconds(s.seconds));
  return text;
}

}  // namespace frugal::eval

#include "train/distil.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "tasks/task.h"

namespace frugal::train {

namespace {

namespace fs = std::filesystem;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

TeacherSample parse(const Json& line) {
  return {line.at("id").get<std::string>(), line.at("question").get<std::string>(),
          line.at("completion").get<std::string>(), line.at("right").get<bool>()};
}

// Whole lines of an earlier run; what was cut off in the middle is taken away from the file.
std::vector<TeacherSample> read_samples(const fs::path& file) {
  std::vector<TeacherSample> samples;
  if (!fs::exists(file) || fs::file_size(file) == 0) return samples;
  std::string kept;
  {
    const MappedFile mapped(file);
    std::string_view rest = mapped.text();
    for (std::int64_t number = 1; rest.find('\n') != std::string_view::npos; ++number) {
      const std::size_t end = rest.find('\n');
      samples.push_back(
          parse(parse_json(rest.substr(0, end), fmt::format("{} line {}", file.string(), number))));
      kept += rest.substr(0, end + 1);
      rest.remove_prefix(end + 1);
    }
    if (rest.empty()) return samples;
  }
  OutputFile output(file);
  output.write(kept);
  output.commit();
  return samples;
}

// Answers of another teacher, or drawn in another way, are not to be mixed. More questions may be
// asked, and others chosen from what is there.
void keep_settings(const DistilOptions& o, const fs::path& file) {
  const Json settings = {{"teacher", o.teacher}, {"task", o.task},
                         {"samples", o.samples}, {"temperature", o.temperature},
                         {"top_p", o.top_p},     {"max_tokens", o.max_tokens},
                         {"seed", o.seed},       {"force_think", o.force_think}};
  if (!fs::exists(file)) {
    OutputFile output(file);
    output.write(settings.dump(2) + "\n");
    output.commit();
    return;
  }
  const Json known = read_json_file(file);
  for (const auto& [key, value] : settings.items()) {
    const Json before = known.is_object() && known.contains(key) ? known[key] : Json();
    require(before == value,
            "{}: the answers there were drawn with {} {}, now it is {}; take another folder",
            file.string(), key, printable(before.dump()), printable(value.dump()));
  }
}

// The thinking in its tags whether or not the prompt had opened them.
std::string whole_completion(const eval::Answered& answer) {
  if (!answer.reply.has_thinking) return answer.reply.answer;
  return fmt::format("{}\n{}\n{}\n{}", tasks::kThinkBegin, answer.reply.thinking, tasks::kThinkEnd,
                     answer.reply.answer);
}

std::set<std::string_view> pieces(std::string_view text) {
  constexpr std::size_t kLength = 5;
  std::set<std::string_view> result;
  for (std::size_t i = 0; i + kLength <= text.size(); ++i) result.insert(text.substr(i, kLength));
  if (result.empty()) result.insert(text);
  return result;
}

}  // namespace

double resemblance(std::string_view a, std::string_view b) {
  const std::set<std::string_view> x = pieces(a);
  const std::set<std::string_view> y = pieces(b);
  const auto common = std::ranges::count_if(x, [&](std::string_view p) { return y.contains(p); });
  return static_cast<double>(common) /
         static_cast<double>(x.size() + y.size() - static_cast<std::size_t>(common));
}

std::vector<TeacherSample> select(const std::vector<TeacherSample>& samples, std::int64_t keep,
                                  double similarity) {
  std::map<std::string, std::vector<std::string_view>> kept;
  std::vector<TeacherSample> result;
  for (const TeacherSample& sample : samples) {
    std::vector<std::string_view>& others = kept[sample.id];
    const bool known = std::ranges::any_of(others, [&](std::string_view other) {
      return resemblance(other, sample.completion) > similarity;
    });
    if (!sample.right || known || std::ssize(others) >= keep) continue;
    others.push_back(sample.completion);
    result.push_back(sample);
  }
  return result;
}

std::vector<TeacherSample> collect(const DistilOptions& o, engine::Engine& engine,
                                   const eval::Asker& asker, const fs::path& file,
                                   const std::function<bool()>& stop) {
  keep_settings(o, file.parent_path() / "teacher.json");
  std::vector<TeacherSample> samples = read_samples(file);
  std::set<std::string> answered;
  for (const TeacherSample& sample : samples) answered.insert(sample.id);
  const auto task = tasks::open_task(o.task, tasks::Part::training, o.seed);
  std::vector<tasks::Question> questions;
  const std::int64_t count = std::min(o.questions, task->size().value_or(o.questions));
  for (std::int64_t i = 0; i < count; ++i) {
    tasks::Question question = task->question(i);
    if (!answered.contains(question.id)) questions.push_back(std::move(question));
  }
  eval::AskOptions ask;
  ask.max_tokens = o.max_tokens;
  ask.sampling.temperature = static_cast<float>(o.temperature);
  ask.sampling.top_p = static_cast<float>(o.top_p);
  ask.sampling.seed = o.seed;
  std::ofstream output(file, std::ios::app | std::ios::binary);
  ProgressBar bar("teacher", static_cast<std::uint64_t>(count), "questions");
  std::uint64_t done = answered.size();
  eval::ask(
      engine, asker, questions, o.samples, ask,
      [&](const eval::QuestionAnswers& answers) {
        const tasks::Question& question = questions[static_cast<std::size_t>(answers.index)];
        std::string lines;
        for (const eval::Answered& answer : answers.samples) {
          samples.push_back({question.id, question.text, whole_completion(answer), answer.right});
          lines += dump({{"id", question.id},
                         {"question", question.text},
                         {"reference", question.answer},
                         {"completion", samples.back().completion},
                         {"right", answer.right},
                         {"truncated", answer.truncated}}) +
                   "\n";
        }
        output << lines;
        output.flush();
        require(output.good(), "cannot write {}: {}", file.string(), errno_text(errno));
        bar.update(++done, answered.size());
      },
      stop);
  return samples;
}

void write_conversations(const std::vector<TeacherSample>& samples, const fs::path& file) {
  require(!samples.empty(), "the teacher gave no right answer; there is nothing to learn from");
  OutputFile output(file);
  for (const TeacherSample& sample : samples) {
    const Json messages = {{{"role", "user"}, {"content", sample.question}},
                           {{"role", "assistant"}, {"content", sample.completion}}};
    output.write(dump({{"messages", messages}}) + "\n");
  }
  output.commit();
}

}  // namespace frugal::train

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

TeacherSample parse(std::string_view line, const std::string& where) {
  const Json sample = parse_json(line, where);
  try {
    return {sample.at("id").get<std::string>(), sample.at("question").get<std::string>(),
            sample.at("completion").get<std::string>(), sample.at("right").get<bool>()};
  } catch (const Json::exception&) {
    fail("{}: no sample with id, question, completion and right", where);
  }
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
          parse(rest.substr(0, end), fmt::format("{} line {}", file.string(), number)));
      kept += rest.substr(0, end + 1);
      rest.remove_prefix(end + 1);
    }
    if (rest.empty()) return samples;
  }
  write_text(file, kept);
  return samples;
}

// Answers of another teacher, or drawn in another way, are not to be mixed with those `there` are.
// More questions may be asked, and others chosen from what is there.
void keep_settings(const DistilOptions& o, bool there, const fs::path& file) {
  Json settings = {{"teacher", o.teacher}, {"task", o.task},
                   {"samples", o.samples}, {"temperature", o.temperature},
                   {"top_p", o.top_p},     {"max_tokens", o.max_tokens},
                   {"seed", o.seed},       {"force_think", o.force_think}};
  if (o.teacher_is_url()) settings["teacher_model"] = o.teacher_model;
  if (!there || !fs::exists(file)) {
    write_text(file, settings.dump(2) + "\n");
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
std::string whole_completion(const tasks::Reply& reply) {
  if (!reply.has_thinking) return reply.answer;
  return fmt::format("{}\n{}\n{}\n{}", tasks::kThinkBegin, reply.thinking, tasks::kThinkEnd,
                     reply.answer);
}

// The questions of the task that lack answers.
std::vector<OpenQuestion> open_questions(const DistilOptions& o,
                                         const std::vector<TeacherSample>& samples) {
  std::map<std::string, std::int64_t> answers;
  for (const TeacherSample& sample : samples) ++answers[sample.id];
  const auto task = tasks::open_task(o.task, tasks::Part::training, o.seed);
  const std::int64_t count = std::min(o.questions, task->size().value_or(o.questions));
  std::vector<OpenQuestion> open;
  for (std::int64_t i = 0; i < count; ++i) {
    tasks::Question question = task->question(i);
    const std::int64_t missing = o.samples - answers[question.id];
    if (missing > 0) open.push_back({std::move(question), missing});
  }
  return open;
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

Teacher engine_teacher(const DistilOptions& o, engine::Engine& engine, const eval::Asker& asker) {
  eval::AskOptions ask;
  ask.max_tokens = o.max_tokens;
  ask.sampling.temperature = static_cast<float>(o.temperature);
  ask.sampling.top_p = static_cast<float>(o.top_p);
  ask.sampling.seed = o.seed;
  return [ask, samples = o.samples, &engine, &asker](std::span<const OpenQuestion> open,
                                                     const TakeAnswer& take,
                                                     const std::function<bool()>& stop) {
    std::vector<tasks::Question> questions;
    for (const OpenQuestion& one : open) questions.push_back(one.question);
    const auto done = [&](const eval::QuestionAnswers& answers) {
      const auto index = static_cast<std::size_t>(answers.index);
      // The place of a sample decides what it says: those that are there already came first.
      const auto there = static_cast<std::size_t>(samples - open[index].missing);
      for (const eval::Answered& answer : std::span(answers.samples).subspan(there)) {
        take(index, {answer.reply, answer.truncated});
      }
    };
    eval::ask(engine, asker, questions, samples, ask, done, stop);
  };
}

std::vector<TeacherSample> collect(const DistilOptions& o, const Teacher& teacher,
                                   const fs::path& file, const std::function<bool()>& stop) {
  std::vector<TeacherSample> samples = read_samples(file);
  keep_settings(o, !samples.empty(), file.parent_path() / "teacher.json");
  const std::vector<OpenQuestion> open = open_questions(o, samples);
  std::uint64_t total = samples.size();
  for (const OpenQuestion& one : open) total += static_cast<std::uint64_t>(one.missing);
  std::ofstream output(file, std::ios::app | std::ios::binary);
  ProgressBar bar("teacher", total, "answers");
  const auto take = [&, before = samples.size()](std::size_t index, const TeacherAnswer& answer) {
    const tasks::Question& question = open[index].question;
    const bool right = !answer.truncated && tasks::is_right(question, answer.reply);
    samples.push_back({question.id, question.text, whole_completion(answer.reply), right});
    const Json line = {{"id", question.id},
                       {"question", question.text},
                       {"reference", question.answer},
                       {"completion", samples.back().completion},
                       {"right", right},
                       {"truncated", answer.truncated}};
    output << dump(line) + "\n" << std::flush;
    require(output.good(), "cannot write {}: {}", file.string(), errno_text(errno));
    bar.update(samples.size(), before);
  };
  try {
    teacher(open, take, stop);
  } catch (const Error& error) {
    fail("{}\n{} of {} answers are kept in {}; the same command goes on from there", error.what(),
         samples.size(), total, file.string());
  }
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

#include "tasks/file_task.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mapped_file.h"

namespace frugal::tasks {

namespace {

constexpr std::string_view kRequest =
    "Please reason step by step, and put your final answer within \\boxed{}.";

class FileTask final : public Task {
 public:
  FileTask(const std::filesystem::path& path, std::vector<Question> questions)
      : name_(path.stem().string()), questions_(std::move(questions)) {
    require(!questions_.empty(), "{} holds no questions", path.string());
  }

  const std::string& name() const override { return name_; }
  std::optional<std::int64_t> size() const override {
    return static_cast<std::int64_t>(questions_.size());
  }
  Question question(std::int64_t index) const override {
    require(index >= 0 && index < *size(), "{}: question {} of {} is wanted", name_, index,
            *size());
    return questions_[static_cast<std::size_t>(index)];
  }

 private:
  std::string name_;
  std::vector<Question> questions_;
};

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string reference_of(const std::string& text) {
  if (const std::size_t hashes = text.rfind("####"); hashes != std::string::npos) {
    return trimmed(std::string_view(text).substr(hashes + 4));
  }
  const std::vector<std::string> boxes = boxed(text);
  return boxes.empty() ? trimmed(text) : boxes.back();
}

std::string language_of(const std::string& text) {
  if (language_share(text, "ar") > 0.5) return "ar";
  return language_share(text, "zh") > 0.5 ? "zh" : "en";
}

Question make_question(std::string text, const std::string& answer, std::string id,
                       bool as_it_stands = false) {
  Question question;
  question.language = language_of(text);
  if (!as_it_stands && text.find("\\boxed") == std::string::npos) {
    text += fmt::format("\n{}", kRequest);
  }
  question.text = std::move(text);
  question.answer = reference_of(answer);
  if (question.answer != trimmed(answer)) question.solution = answer;
  question.id = std::move(id);
  return question;
}

// The first of `names` that the object has; numbers are answers too.
std::string field(const Json& object, std::initializer_list<const char*> names,
                  const std::string& where) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found == object.end()) continue;
    if (found->is_string() && !found->get<std::string>().empty()) return found->get<std::string>();
    if (found->is_number()) return found->dump();
    fail("{}: {} is {}, expected a text", where, name, printable(found->dump()));
  }
  fail("{}: there is no {}", where, fmt::join(names, " or "));
}

Question from_json(const Json& object, const std::string& where, std::string id) {
  require(object.is_object(), "{}: expected an object with question and answer", where);
  // MATH's test set has only solutions; math500 has both, and the answer is the shorter way.
  return make_question(field(object, {"question", "problem", "prompt"}, where),
                       field(object, {"answer", "solution"}, where), std::move(id),
                       object.contains("prompt"));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::unique_ptr<Task> open_file_task(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string name = path.stem().string();
  std::vector<Question> questions;
  const auto id = [&] { return fmt::format("{}:{}", name, questions.size()); };
  const std::size_t first = file.text().find_first_not_of(" \t\r\n");
  require(first != std::string_view::npos, "{} holds no questions", path.string());
  if (file.text()[first] == '[') {
    std::int64_t number = 0;
    std::int64_t without_answer = 0;
    for (const Json& object : parse_json(file.text(), path.string())) {
      ++number;
      if (object.is_object() && object.contains("answer") &&
          (object["answer"].is_null() || object["answer"] == "")) {
        ++without_answer;  // a published set's own gap
        continue;
      }
      const std::string where = fmt::format("{}: question {}", path.string(), number);
      questions.push_back(from_json(object, where, id()));
    }
    if (without_answer > 0) {
      log_warning("{}: {} questions have an empty answer and are left out", path.string(),
                  without_answer);
    }
    return std::make_unique<FileTask>(path, std::move(questions));
  }
  std::size_t number = 0;
  for (const std::string_view line : lines_of(file.text())) {
    ++number;
    if (trimmed(line).empty()) continue;
    const std::string where = fmt::format("{} line {}", path.string(), number);
    if (file.text()[first] == '{') {
      questions.push_back(from_json(parse_json(line, where), where, id()));
      continue;
    }
    const std::size_t tab = line.find('\t');
    require(tab != std::string_view::npos && !trimmed(line.substr(tab)).empty(),
            "{}: expected JSON, or a question, a tab and its answer", where);
    questions.push_back(
        make_question(trimmed(line.substr(0, tab)), trimmed(line.substr(tab + 1)), id()));
  }
  return std::make_unique<FileTask>(path, std::move(questions));
}

}  // namespace frugal::tasks

#include "tasks/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/hash.h"
#include "base/nearest.h"
#include "tasks/file_task.h"
#include "tasks/generated/generator.h"

namespace frugal::tasks {

namespace {

// One question in eight is held out, by its words alone: whatever the seed, training never sees it.
bool is_held_out(const std::string& text) { return Rng(fnv1a(text)).below(8) == 0; }

class GeneratedTask final : public Task {
 public:
  GeneratedTask(std::string name, Generator generator, Level level, Part part, std::uint64_t seed)
      : name_(std::move(name)), generator_(generator), level_(level), part_(part), seed_(seed) {}

  const std::string& name() const override { return name_; }
  std::optional<std::int64_t> size() const override { return std::nullopt; }

  Question question(std::int64_t index) const override {
    Rng rng(seed_ ^ fnv1a(name_), static_cast<std::uint64_t>(index));
    for (;;) {
      Question question = generator_({rng, level_, part_});
      if (is_held_out(question.text) != (part_ == Part::held_out)) continue;
      question.id = fmt::format("{}:{}", name_, index);
      return question;
    }
  }

 private:
  std::string name_;
  Generator generator_;
  Level level_;
  Part part_;
  std::uint64_t seed_;
};

// Several tasks in turn.
class MixedTask final : public Task {
 public:
  MixedTask(std::string name, std::vector<std::unique_ptr<Task>> parts)
      : name_(std::move(name)), parts_(std::move(parts)) {}

  const std::string& name() const override { return name_; }
  std::optional<std::int64_t> size() const override {
    std::optional<std::int64_t> least;
    for (const auto& part : parts_) {
      if (const auto size = part->size()) least = std::min(least.value_or(*size), *size);
    }
    if (!least) return std::nullopt;
    return *least * static_cast<std::int64_t>(parts_.size());
  }
  Question question(std::int64_t index) const override {
    const auto count = static_cast<std::int64_t>(parts_.size());
    return parts_[static_cast<std::size_t>(index % count)]->question(index / count);
  }

 private:
  std::string name_;
  std::vector<std::unique_ptr<Task>> parts_;
};

Level level_named(std::string_view name, const std::string& spec) {
  if (name == "easy") return Level::easy;
  if (name == "hard") return Level::hard;
  require(name == "normal", "{}: the levels are easy, normal and hard", printable(spec));
  return Level::normal;
}

std::unique_ptr<Task> open_one(const std::string& spec, Part part, std::uint64_t seed) {
  std::error_code error;
  if (std::filesystem::is_regular_file(spec, error)) return open_file_task(spec);
  const std::size_t colon = spec.find(':');
  const std::string name = spec.substr(0, colon);
  const std::string level = colon == std::string::npos ? "normal" : spec.substr(colon + 1);
  std::vector<std::string> names;
  for (const KnownFamily& family : known_families()) {
    if (family.name == name) {
      return std::make_unique<GeneratedTask>(spec, family.generator, level_named(level, spec), part,
                                             seed);
    }
    names.emplace_back(family.name);
  }
  const std::string meant = nearest(name, names);
  fail("{}: there is no such file, and no task of this name{}", printable(spec),
       meant.empty() ? fmt::format("; known are {}", fmt::join(names, ", "))
                     : "; did you mean " + meant + "?");
}

}  // namespace

std::vector<Family> families() {
  std::vector<Family> list;
  for (const KnownFamily& family : known_families()) {
    list.push_back({std::string(family.name), std::string(family.description)});
  }
  return list;
}

std::unique_ptr<Task> open_task(const std::string& spec, Part part, std::uint64_t seed) {
  std::error_code error;
  if (spec.find('+') == std::string::npos || std::filesystem::exists(spec, error)) {
    return open_one(spec, part, seed);
  }
  std::vector<std::unique_ptr<Task>> parts;
  for (std::size_t begin = 0; begin <= spec.size();) {
    const std::size_t end = std::min(spec.find('+', begin), spec.size());
    parts.push_back(open_one(spec.substr(begin, end - begin), part, seed));
    begin = end + 1;
  }
  return std::make_unique<MixedTask>(spec, std::move(parts));
}

}  // namespace frugal::tasks

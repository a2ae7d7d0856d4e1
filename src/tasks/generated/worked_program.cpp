// The program of a problem, worked out operation by operation.
#include "base/error.h"
#include "tasks/generated/generator.h"

namespace frugal::tasks {

namespace {

// Recursive descent; the steps stand in the order in which a reader would take them.
class Worker {
 public:
  Worker(std::string_view program, std::span<const std::int64_t> numbers)
      : program_(program), numbers_(numbers) {}

  std::optional<WorkedStep> run() {
    const std::int64_t value = sum();
    require(at_ == program_.size(), "the program '{}' of a problem ends early", program_);
    if (!is_whole_) return std::nullopt;
    return WorkedStep{value, text_};
  }

 private:
  char peek() const { return at_ < program_.size() ? program_[at_] : '\0'; }

  std::int64_t sum() {
    std::int64_t value = product();
    while (peek() == '+' || peek() == '-') {
      const char op = program_[at_++];
      value = step(value, op, product());
    }
    return value;
  }

  std::int64_t product() {
    std::int64_t value = factor();
    while (peek() == '*' || peek() == '/') {
      const char op = program_[at_++];
      value = step(value, op, factor());
    }
    return value;
  }

  std::int64_t factor() {
    const char c = peek();
    if (c == '(') {
      ++at_;
      const std::int64_t value = sum();
      require(peek() == ')', "the program '{}' of a problem is open", program_);
      ++at_;
      return value;
    }
    if (c >= '0' && c <= '9') {
      std::int64_t value = 0;
      while (peek() >= '0' && peek() <= '9') value = 10 * value + (program_[at_++] - '0');
      return value;
    }
    const auto index = static_cast<std::size_t>(c - 'A');
    require(c >= 'A' && index < numbers_.size(), "the program '{}' of a problem has no value at {}",
            program_, at_);
    ++at_;
    return numbers_[index];
  }

  std::int64_t step(std::int64_t a, char op, std::int64_t b) {
    if ((op == '-' && a < b) || (op == '/' && (b == 0 || a % b != 0))) is_whole_ = false;
    if (!is_whole_) return 0;
    const WorkedStep step = work_out(a, op, b);
    text_ += (text_.empty() ? "" : " ") + step.text + ".";
    return step.value;
  }

  std::string_view program_;
  std::span<const std::int64_t> numbers_;
  std::size_t at_ = 0;
  bool is_whole_ = true;  // and not negative, so far
  std::string text_;
};

}  // namespace

std::optional<WorkedStep> work_through(std::string_view program,
                                       std::span<const std::int64_t> numbers) {
  return Worker(program, numbers).run();
}

}  // namespace frugal::tasks

#include "tasks/question.h"

#include <algorithm>

#include "tasks/expression.h"
#include "tasks/latex.h"
#include "tasks/mathematics.h"

namespace frugal::tasks {

namespace {

std::vector<std::string> items_of(std::string_view text) {
  std::vector<std::string> items(1);
  const std::string plain = western_digits(text);
  for (std::size_t i = 0; i < plain.size();) {
    std::size_t separator =
        std::string_view(",; []()\n").find(plain[i]) == std::string::npos ? 0 : 1;
    for (const std::string_view comma : {"،", "，", "、"}) {
      if (std::string_view(plain).substr(i).starts_with(comma)) separator = comma.size();
    }
    if (separator > 0) {
      if (!items.back().empty()) items.emplace_back();
      i += separator;
      continue;
    }
    const char c = plain[i++];
    items.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (items.back().empty()) items.pop_back();
  return items;
}

// "= 24" at the end of an expression says nothing new.
bool solves_countdown(std::string_view reference, std::string_view candidate) {
  const std::string plain = plain_answer(candidate).math;
  const auto wanted = evaluate_whole_numbers(reference);
  auto given = evaluate_whole_numbers(std::string_view(plain).substr(0, plain.find('=')));
  if (!wanted || !given) return false;
  std::vector<std::int64_t> numbers = wanted->numbers;
  std::ranges::sort(numbers);
  std::ranges::sort(given->numbers);
  return numbers == given->numbers && equal(wanted->value, given->value);
}

// Which script a code point's letters are of; 0 for no letter.
char script_of(std::uint32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0x24F)) return 'l';
  if ((c >= 0x620 && c <= 0x64A) || (c >= 0x671 && c <= 0x6D3)) return 'a';
  // The rest of Arabic's block are marks: digits, punctuation, vowels.
  if (c >= 0x600 && c <= 0x6FF) return '\0';
  if (c >= 0x4E00 && c <= 0x9FFF) return 'h';
  return c >= 0x370 && c < 0x2000 ? 'o' : '\0';
}

}  // namespace

bool is_right_answer(const Question& question, std::string_view final_answer) {
  switch (question.check) {
    case Check::value:
      return same_answer(question.answer, final_answer);
    case Check::sequence:
      return items_of(question.answer) == items_of(final_answer);
    case Check::countdown:
      return solves_countdown(question.answer, final_answer);
  }
  return false;
}

bool is_right(const Question& question, const Reply& reply) {
  if (!reply.closed) return false;
  const std::optional<std::string> answer = final_answer(reply.answer, question.text);
  return answer && is_right_answer(question, *answer);
}

double language_share(std::string_view text, std::string_view language) {
  const char wanted = language == "ar" ? 'a' : language == "zh" ? 'h' : 'l';
  std::int64_t letters = 0;
  std::int64_t of_language = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    }
    const char script = script_of(code);
    letters += script != '\0' ? 1 : 0;
    of_language += script == wanted ? 1 : 0;
    i += length;
  }
  return letters == 0 ? 1.0 : static_cast<double>(of_language) / static_cast<double>(letters);
}

}  // namespace frugal::tasks

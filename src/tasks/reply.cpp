#include "tasks/reply.h"

#include <algorithm>
#include <array>

#include "tasks/latex.h"
#include "tasks/mathematics.h"

namespace frugal::tasks {

namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_blank(std::string_view text) { return trim(text).empty(); }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string without(std::string_view text, std::string_view part) {
  std::string result(text);
  if (part.empty()) return result;
  for (std::size_t at = result.find(part); at != std::string::npos; at = result.find(part, at)) {
    result.erase(at, part.size());
  }
  return result;
}

std::string_view first_line(std::string_view text) {
  text = trim(text);
  return trim(text.substr(0, text.find('\n')));
}

// To the end of the sentence: a full stop that no digit follows.
std::string_view first_sentence(std::string_view text) {
  text = first_line(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("。")) return trim(text.substr(0, i));
    if (text[i] == '.' && (i + 1 == text.size() || text[i + 1] == ' ')) {
      return trim(text.substr(0, i));
    }
  }
  return text;
}

std::string_view tagged(std::string_view text) {
  constexpr std::string_view kOpen = "<answer>";
  const std::size_t open = text.rfind(kOpen);
  if (open == std::string_view::npos) return {};
  const std::string_view inside = text.substr(open + kOpen.size());
  return trim(inside.substr(0, inside.find("</answer>")));
}

std::string_view announced(std::string_view text, const std::string& small) {
  constexpr auto kAnnouncements =
      std::to_array<std::string_view>({"answer is", "answer:", "الجواب هو", "الجواب:", "الإجابة هي",
                                       "الإجابة:", "答案是", "答案：", "答案为", "答案:"});
  std::size_t best = std::string_view::npos;
  for (const std::string_view words : kAnnouncements) {
    const std::size_t at = small.rfind(words);
    if (at == std::string::npos) continue;
    if (best == std::string_view::npos || at + words.size() > best) best = at + words.size();
  }
  if (best == std::string_view::npos) return {};
  std::string_view rest = trim(text.substr(best));
  while (rest.starts_with(":") || rest.starts_with("*")) rest = trim(rest.substr(1));
  return first_sentence(rest);
}

// The last number of a text, with its sign, commas and fraction.
std::string last_number(const std::string& text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto inner = [&](std::size_t i) {  // a comma, point or slash between digits
    return (text[i] == '.' || text[i] == ',' || text[i] == '/') && i > 0 && digit(text[i - 1]) &&
           i + 1 < text.size() && digit(text[i + 1]);
  };
  const auto last = std::find_if(text.rbegin(), text.rend(), digit);
  if (last == text.rend()) return {};
  const auto end = static_cast<std::size_t>(text.rend() - last);
  std::size_t begin = end - 1;
  while (begin > 0 && (digit(text[begin - 1]) || inner(begin - 1))) --begin;
  const bool sign = begin > 0 && text[begin - 1] == '-' &&
                    (begin == 1 || !(digit(text[begin - 2]) || text[begin - 2] == ')'));
  if (sign) --begin;
  return text.substr(begin, end - begin);
}

// Two letters in a row that are no command's name nor a matrix's, as in "8 is 9".
bool has_words(std::string_view math) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (std::size_t i = 0; i + 1 < math.size(); ++i) {
    if (math[i] == '\\') {
      if (math.substr(i).starts_with("\\begin{")) return false;
      while (i + 1 < math.size() && letter(math[i + 1])) ++i;
    } else if (letter(math[i]) && letter(math[i + 1])) {
      return true;
    }
  }
  return false;
}

}  // namespace

Reply split_reply(std::string_view prompt, std::string_view completion) {
  Reply reply;
  std::string_view rest = completion;
  reply.has_thinking = trim(prompt).ends_with(kThinkBegin);
  if (trim(rest).starts_with(kThinkBegin)) {
    rest = trim(rest).substr(kThinkBegin.size());
    reply.has_thinking = true;
  }
  if (!reply.has_thinking) {
    reply.answer = trim(rest);
    return reply;
  }
  const std::size_t end = rest.find(kThinkEnd);
  reply.closed = end != std::string_view::npos;
  reply.thinking = trim(rest.substr(0, end));
  if (reply.closed) reply.answer = trim(rest.substr(end + kThinkEnd.size()));
  return reply;
}

bool is_well_formed(const Reply& reply) {
  return reply.has_thinking && reply.closed && !reply.thinking.empty() && !reply.answer.empty() &&
         reply.thinking.find(kThinkBegin) == std::string::npos &&
         reply.answer.find(kThinkBegin) == std::string::npos &&
         reply.answer.find(kThinkEnd) == std::string::npos;
}

std::vector<std::string> boxed(std::string_view text) {
  std::vector<std::string> found;
  for (const std::string_view name : {"\\boxed", "\\fbox"}) {
    for (std::size_t at = text.find(name); at != std::string_view::npos;
         at = text.find(name, at + 1)) {
      const std::size_t open = text.find_first_not_of(' ', at + name.size());
      if (open == std::string_view::npos) continue;
      if (text[open] != '{') {  // \boxed 5
        const std::string_view word = text.substr(open, text.find_first_of(" $\n", open) - open);
        if (open > at + name.size() && !word.empty()) found.emplace_back(word);
        continue;
      }
      int depth = 0;
      std::size_t end = open;
      for (; end < text.size(); ++end) {
        if (text[end] == '{') ++depth;
        if (text[end] == '}' && --depth == 0) break;
      }
      if (end == text.size()) continue;
      const std::string_view inside = text.substr(open + 1, end - open - 1);
      if (!is_blank(inside)) found.emplace_back(trim(inside));
    }
  }
  return found;
}

std::optional<std::string> final_answer(std::string_view answer, std::string_view question) {
  const std::string text = without(answer, trim(question));
  if (const std::vector<std::string> boxes = boxed(text); !boxes.empty()) {
    const bool agree = std::ranges::all_of(boxes, [&](const std::string& box) {
      return box == boxes.back() || same_answer(boxes.back(), box);
    });
    return agree ? std::optional(boxes.back()) : std::nullopt;
  }
  if (const std::string_view inside = tagged(text); !inside.empty()) return std::string(inside);
  if (const std::size_t hashes = text.rfind("####"); hashes != std::string::npos) {
    return std::string(first_line(std::string_view(text).substr(hashes + 4)));
  }
  if (const std::string_view said = announced(text, lower(text)); !said.empty()) {
    return std::string(said);
  }
  const std::string_view all = trim(text);
  if (all.empty()) return std::nullopt;
  const bool one_line = all.find('\n') == std::string_view::npos && all.size() <= 200;
  const PlainAnswer plain = one_line ? plain_answer(all) : PlainAnswer{};
  if (one_line && (plain.math.empty() || (plain.words.empty() && !has_words(plain.math)))) {
    return std::string(all);
  }
  const std::string number = last_number(western_digits(all));
  if (!number.empty()) return number;
  return one_line ? std::optional(std::string(all)) : std::nullopt;
}

}  // namespace frugal::tasks

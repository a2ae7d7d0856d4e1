#include "tasks/latex.h"

#include <algorithm>
#include <array>
#include <utility>

namespace frugal::tasks {

namespace {

using Replacement = std::pair<std::string_view, std::string_view>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The longest replacement that fits at each place, once through the text.
template <std::size_t N>
std::string replace_all(std::string_view text, const std::array<Replacement, N>& replacements) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const Replacement* best = nullptr;
    for (const Replacement& r : replacements) {
      if (text.substr(i).starts_with(r.first) &&
          (best == nullptr || r.first.size() > best->first.size())) {
        best = &r;
      }
    }
    if (best == nullptr) {
      result += text[i++];
    } else {
      result += best->second;
      i += best->first.size();
    }
  }
  return result;
}

constexpr auto kSymbols = std::to_array<Replacement>({
    {"−", "-"},
    {"–", "-"},
    {"×", "*"},
    {"÷", "/"},
    {"·", "*"},
    {"⋅", "*"},
    {"²", "^2"},
    {"³", "^3"},
    {"π", "\\pi "},
    {"√", "\\sqrt "},
    {"∞", "\\infty "},
    {"∪", "\\cup "},
    {"°", ""},
    {"%", ""},
    {"\\%", ""},
    {"٪", ""},
    {"$", ""},
    {"\\$", ""},
    {"€", ""},
    {"£", ""},
    {"¥", ""},
    {"，", ","},
    {"、", ","},
    {"；", ";"},
    {"：", ":"},
    {"（", "("},
    {"）", ")"},
    {"。", ""},
    {"،", ","},
    {"؟", ""},
    {"≤", "\\le "},
    {"≥", "\\ge "},
    {"\\leq", "\\le"},
    {"\\geq", "\\ge"},
    {"\xC2\xA0", " "},
    {"\\[", ""},
    {"\\]", ""},
    {"\\(", ""},
    {"\\)", ""},
    {"\\,", ""},
    {"\\;", ""},
    {"\\!", ""},
    {"\\:", ""},
    {"\\ ", " "},
    {"~", " "},
    {"{,}", ","},
    {"\\dfrac", "\\frac"},
    {"\\tfrac", "\\frac"},
    {"\\cfrac", "\\frac"},
    {"\\cdot", "*"},
    {"\\times", "*"},
    {"\\div", "/"},
    {"\\left", ""},
    {"\\right", ""},
    {"\\displaystyle", ""},
    {"\\quad", " "},
    {"\\qquad", " "},
    {"^\\circ", ""},
    {"^{\\circ}", ""},
    {"\\degree", ""},
    {"\\circ", ""},
    {"**", ""},
    {"\\big", ""},
    {"\\Big", ""},
    {"\\bigl", ""},
    {"\\bigr", ""},
    {"\\lbrace", "\\{"},
    {"\\rbrace", "\\}"},
    {"\\vert", "|"},
    {"\\lvert", "|"},
    {"\\rvert", "|"},
    {"\\mid", "|"},
    {"\\\\", "\\\\"},
});

// Commands that wrap words, with the bracket.
constexpr std::array<std::string_view, 7> kTextCommands = {
    "\\text{", "\\textbf{", "\\mbox{", "\\mathrm{", "\\mathbf{", "\\textit{", "\\operatorname{"};

// Names of more than one letter that mean mathematics when they stand without a backslash.
constexpr std::array<std::string_view, 7> kBareNames = {"sqrt", "sin", "cos", "tan",
                                                        "log",  "ln",  "pi"};

constexpr std::array<std::string_view, 16> kShortUnits = {
    "cm", "mm", "km", "kg", "mg", "ft", "in", "pm", "am", "lb", "oz", "ml", "mi", "hr", "sq", "元"};

constexpr std::string_view kOneLetterUnits = "mghslLNJWKCF";

std::size_t matching_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return text.size();
}

void add_words(std::string_view words, std::string& to) {
  if (!to.empty() && to.back() != ' ') to += ' ';
  for (const char c : words) {
    if (c == ' ' && (to.empty() || to.back() == ' ')) continue;
    to += lower(c);
  }
}

// Moves the contents of \text{...} to `words`; "and" and "or" part a list.
std::string take_text_commands(std::string_view text, std::string& words) {
  std::string math;
  for (std::size_t i = 0; i < text.size();) {
    const auto command = std::ranges::find_if(
        kTextCommands, [&](std::string_view name) { return text.substr(i).starts_with(name); });
    if (command == kTextCommands.end()) {
      math += text[i++];
      continue;
    }
    const std::size_t open = i + command->size() - 1;
    const std::size_t close = matching_brace(text, open);
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    if (inside.find(" and ") != std::string_view::npos ||
        inside.find(" or ") != std::string_view::npos) {
      math += ',';
    } else {
      add_words(inside, words);
      math += ' ';
    }
    i = std::min(close + 1, text.size());
    if (words.ends_with("m") || words.ends_with("t")) {  // "cm^2": the power is the unit's
      const std::string_view rest = text.substr(i);
      if (rest.starts_with("^2") || rest.starts_with("^3")) i += 2;
      if (rest.starts_with("^{2}") || rest.starts_with("^{3}")) i += 4;
    }
  }
  return math;
}

bool is_word_byte(char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

// Moves bare words to `words`; single letters are variables, unless they are a unit at the end.
std::string take_bare_words(std::string_view text, std::string& words) {
  std::string math;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\\') {
      const std::string_view rest = text.substr(i);
      const bool environment = rest.starts_with("\\begin{") || rest.starts_with("\\end{");
      math += text[i++];
      while (i < text.size() && is_letter(text[i])) math += text[i++];
      while (environment && i < text.size() && text[i] != '}') math += text[i++];
      continue;
    }
    if (!is_word_byte(text[i])) {
      math += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    const std::string_view run = text.substr(i, end - i);
    std::string small;
    for (const char c : run) small += lower(c);
    const bool name = std::ranges::find(kBareNames, run) != kBareNames.end();
    const bool unit = std::ranges::find(kShortUnits, small) != kShortUnits.end();
    const bool last = run.size() == 1 && end == text.size() && i >= 2 && text[i - 1] == ' ' &&
                      is_digit(text[i - 2]) && kOneLetterUnits.find(run) != std::string_view::npos;
    const bool foreign = static_cast<unsigned char>(run.front()) >= 0x80;
    if (name) {
      math += '\\';
      math += run;
      math += ' ';
    } else if (unit || last || foreign || run.size() >= 3) {
      add_words(run, words);
      math += ' ';
      const std::string_view rest = text.substr(end);
      if (unit && (rest.starts_with("^2") || rest.starts_with("^3"))) end += 2;
    } else {
      math += run;
    }
    i = end;
  }
  return math;
}

// Blanks matter only between digits: 3 1/2.
std::string without_blanks(std::string_view math) {
  std::string result;
  for (std::size_t i = 0; i < math.size(); ++i) {
    const char c = math[i] == '\n' || math[i] == '\t' ? ' ' : math[i];
    if (c != ' ') {
      result += c;
      continue;
    }
    const std::size_t next = math.find_first_not_of(" \n\t", i);
    if (result.empty() || next == std::string_view::npos || result.back() == ' ') continue;
    const bool digits = is_digit(result.back()) && is_digit(math[next]);
    // A command's name ends at a blank: \pi r.
    const std::size_t slash =
        result.find_last_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const bool command = slash != std::string::npos && result[slash] == '\\' &&
                         slash + 1 < result.size() && is_letter(math[next]);
    if (digits || command) result += ' ';
  }
  return result;
}

}  // namespace

std::string western_digits(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    if (byte(i) == 0xD9 && byte(i + 1) >= 0xA0 && byte(i + 1) <= 0xA9) {  // U+0660 to U+0669
      result += static_cast<char>('0' + byte(i + 1) - 0xA0);
      i += 2;
    } else if (byte(i) == 0xDB && byte(i + 1) >= 0xB0 && byte(i + 1) <= 0xB9) {  // U+06F0 ...
      result += static_cast<char>('0' + byte(i + 1) - 0xB0);
      i += 2;
    } else if (byte(i) == 0xEF && byte(i + 1) == 0xBC && byte(i + 2) >= 0x90 &&
               byte(i + 2) <= 0x99) {  // U+FF10 ...
      result += static_cast<char>('0' + byte(i + 2) - 0x90);
      i += 3;
    } else if (text.substr(i).starts_with("٫")) {
      result += '.';
      i += 2;
    } else if (text.substr(i).starts_with("٬")) {
      result += ',';
      i += 2;
    } else {
      result += text[i++];
    }
  }
  return result;
}

PlainAnswer plain_answer(std::string_view text) {
  PlainAnswer answer;
  const std::string digits = western_digits(text);
  const std::string symbols = replace_all(digits, kSymbols);
  const std::string without_text = take_text_commands(symbols, answer.words);
  std::string math = without_blanks(take_bare_words(without_text, answer.words));
  while (!math.empty() && (math.back() == '.' || math.back() == ',' || math.back() == ';')) {
    math.pop_back();
  }
  if (math.starts_with("{") && matching_brace(math, 0) + 1 == math.size()) {
    math = math.substr(1, math.size() - 2);
  }
  answer.math = std::move(math);
  while (!answer.words.empty() && (answer.words.back() == ' ' || answer.words.back() == '.')) {
    answer.words.pop_back();
  }
  while (answer.words.starts_with(" ")) answer.words.erase(0, 1);
  return answer;
}

std::string without_thousands_separators(std::string_view math) {
  std::string result;
  for (std::size_t i = 0; i < math.size();) {
    if (!is_digit(math[i]) || (i > 0 && (is_digit(math[i - 1]) || math[i - 1] == '.'))) {
      result += math[i++];
      continue;
    }
    std::size_t end = i;
    while (end < math.size() && is_digit(math[end])) ++end;
    const std::size_t first = end - i;
    std::size_t groups_end = end;
    const auto is_group = [&](std::size_t at) {
      if (at + 3 >= math.size() || math[at] != ',') return false;
      const bool three = is_digit(math[at + 1]) && is_digit(math[at + 2]) && is_digit(math[at + 3]);
      return three && (at + 4 >= math.size() || !is_digit(math[at + 4]));
    };
    while (first <= 3 && math[i] != '0' && is_group(groups_end)) groups_end += 4;
    for (; i < groups_end; ++i) {
      if (math[i] != ',') result += math[i];
    }
  }
  return result;
}

}  // namespace frugal::tasks

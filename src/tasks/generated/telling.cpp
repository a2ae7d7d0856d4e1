#include "tasks/generated/telling.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace frugal::tasks {

namespace {

// "a|b" at its bar.
std::pair<std::string_view, std::string_view> halves(std::string_view text) {
  const std::size_t bar = text.find('|');
  require(bar != std::string_view::npos, "'{}' of a problem has no second form", text);
  return {text.substr(0, bar), text.substr(bar + 1)};
}

// Arabic counts 3 to 10 of a hundred in the plural and the rest in the singular.
bool takes_few(std::int64_t number) { return number % 100 >= 3 && number % 100 <= 10; }

std::string counted(std::int64_t number, const Thing& noun, std::string_view language) {
  const std::string digits = std::to_string(number);
  if (language == "zh") return digits + noun.counted + noun.name;
  if (language == "en") return digits + " " + noun.name;
  return digits + " " + (takes_few(number) ? noun.few : noun.counted);
}

class Teller {
 public:
  Teller(std::string_view language, const Numbers& numbers, const Cast& cast)
      : language_(language), numbers_(numbers), cast_(cast) {}

  std::string hole(std::string_view name) const {
    if (name == "N") return cast_.person;
    if (name == "M") return cast_.other_person;
    if (name == "T") return cast_.things.name;
    if (name == "U") return cast_.others.name;
    if (name == "t") return cast_.things.counted;
    if (name == "u") return cast_.others.counted;
    require(!name.empty() && name[0] >= 'A' && name[0] <= 'E', "'{{{}}}' of a problem is unknown",
            name);
    const std::int64_t number = numbers_[static_cast<std::size_t>(name[0] - 'A')];
    const std::string_view rest = name.substr(1);
    if (rest.empty()) return std::to_string(number);
    if (rest == " T") return counted(number, cast_.things, language_);
    if (rest == " U") return counted(number, cast_.others, language_);
    require(rest[0] == ':', "'{{{}}}' of a problem is unknown", name);
    const auto [few, many] = halves(rest.substr(1));
    return std::to_string(number) + " " + std::string(takes_few(number) ? few : many);
  }

  std::string_view by_sex(std::string_view forms) const {
    const bool about_other = forms.starts_with("M:");
    if (about_other) forms.remove_prefix(2);
    const auto [man, woman] = halves(forms);
    return (about_other ? cast_.other_person_is_woman : cast_.person_is_woman) ? woman : man;
  }

 private:
  std::string_view language_;
  const Numbers& numbers_;
  const Cast& cast_;
};

}  // namespace

std::string with_choices_made(const Draw& draw, std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t open = text.find('[');
    if (open == std::string_view::npos) return result += text;
    const std::size_t close = text.find(']', open);
    result += text.substr(0, open);
    // The bars of a hole or of forms by sex within a choice are not the choice's.
    const std::string_view choices = text.substr(open + 1, close - open - 1);
    std::vector<std::string_view> all;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i <= choices.size(); ++i) {
      const char c = i < choices.size() ? choices[i] : '|';
      if (c == '<' || c == '{') ++depth;
      if (c == '>' || c == '}') --depth;
      if (c != '|' || depth > 0) continue;
      all.push_back(choices.substr(begin, i - begin));
      begin = i + 1;
    }
    result += draw.choose(all);
    text.remove_prefix(close + 1);
  }
}

std::string tell(std::string_view text, std::string_view language, const Numbers& numbers,
                 const Cast& cast) {
  const Teller teller(language, numbers, cast);
  std::string result;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find_first_of("{<"), text.size());
    result += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find(text[0] == '{' ? '}' : '>');
    require(close != std::string_view::npos, "a hole of a problem is open: '{}'", text);
    const std::string_view inside = text.substr(1, close - 1);
    if (text[0] == '{') {
      result += teller.hole(inside);
    } else {
      result += teller.by_sex(inside);
    }
    text.remove_prefix(close + 1);
  }
  return result;
}

}  // namespace frugal::tasks

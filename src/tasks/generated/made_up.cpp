#include "tasks/generated/made_up.h"

#include <array>

namespace frugal::tasks {

namespace {

std::string latin_word(const Draw& draw) {
  constexpr std::string_view kConsonants = "bcdfghjklmnprstvwz";
  constexpr std::string_view kVowels = "aeiou";
  std::string word;
  for (std::int64_t syllable = draw.between(1, 3); syllable > 0; --syllable) {
    word += draw.choose(kConsonants);
    word += draw.choose(kVowels);
    if (draw.rng.below(2) == 0) word += draw.choose(kConsonants);
  }
  if (word.size() < 3) word += draw.choose(kConsonants);
  return word;
}

std::string arabic_word(const Draw& draw) {
  constexpr std::array<std::string_view, 24> kLetters = {"ب", "ت", "ج", "ح", "خ", "د", "ر", "ز",
                                                         "س", "ش", "ص", "ط", "ع", "غ", "ف", "ق",
                                                         "ك", "ل", "م", "ن", "ه", "و", "ي", "ا"};
  std::string word;
  for (std::int64_t letter = draw.between(3, 5); letter > 0; --letter) {
    word += draw.choose(kLetters);
  }
  return word;
}

// A character of the block that everyday ones come from.
std::string chinese_character(const Draw& draw) {
  const auto code = static_cast<std::uint32_t>(draw.between(0x4E00, 0x9FA5));
  return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
          static_cast<char>(0x80 | (code & 0x3F))};
}

}  // namespace

Thing make_up_thing(const Draw& draw, std::string_view language) {
  if (language == "zh") return {chinese_character(draw) + chinese_character(draw), "个", ""};
  if (language == "ar") {
    const std::string word = arabic_word(draw);
    return {"ال" + word, word + "ا", word};
  }
  const std::string word = latin_word(draw);
  return {word + "s", word, ""};
}

std::string make_up_name(const Draw& draw, std::string_view language) {
  if (language == "zh") return (draw.rng.below(2) == 0 ? "小" : "") + chinese_character(draw);
  if (language == "ar") return arabic_word(draw);
  std::string word = latin_word(draw);
  word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

}  // namespace frugal::tasks

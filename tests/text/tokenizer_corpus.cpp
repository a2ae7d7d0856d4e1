#include "tokenizer_corpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "base/rng.h"
#include "support/data.h"
#include "text/regex.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// The first `bytes` of a text, cut between two characters.
std::string head(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while ((static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
  return text;
}

// Verses of the Quran carry every diacritic that Arabic has.
std::string verses(const fs::path& path, std::size_t bytes) {
  std::string text;
  for (const Json& chapter : read_json_file(path)) {
    for (const Json& verse : chapter["verses"]) text += verse["text"].get<std::string>() + "\n";
    if (text.size() > bytes) break;
  }
  return head(std::move(text), bytes);
}

std::string own_source_code(std::size_t bytes) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(testing::source_folder() / "src")) {
    const fs::path extension = entry.path().extension();
    if (extension == ".cpp" || extension == ".h") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string text;
  for (const fs::path& file : files) text += read_file(file);
  return head(std::move(text), bytes);
}

template <typename List>
const auto& pick(Rng& rng, const List& list) {
  return list[rng.below(std::size(list))];
}

std::string emoji(Rng& rng, std::size_t count) {
  static const char32_t kBases[] = {0x1F468, 0x1F469, 0x1F467, 0x1F466, 0x1F44D, 0x1F600, 0x2764,
                                    0x1F3F3, 0x1F308, 0x2620,  0x1F525, 0x1F9D1, 0x1F4BB, 0x1F680,
                                    0x1F3C3, 0x2640,  0x2642,  0x1F91D, 0x1F43B, 0x2744};
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t joined = 1 + rng.below(4);
    for (std::uint64_t j = 0; j < joined; ++j) {
      if (j > 0) append_utf8(text, 0x200D);
      append_utf8(text, pick(rng, kBases));
      if (rng.below(3) == 0) append_utf8(text, static_cast<char32_t>(0x1F3FB + rng.below(5)));
      if (rng.below(3) == 0) append_utf8(text, 0xFE0F);
    }
    if (rng.below(4) == 0) {  // a flag, then a keycap
      append_utf8(text, static_cast<char32_t>(0x1F1E6 + rng.below(26)));
      append_utf8(text, static_cast<char32_t>(0x1F1E6 + rng.below(26)));
      text += static_cast<char>('0' + rng.below(10));
      append_utf8(text, 0xFE0F);
      append_utf8(text, 0x20E3);
    }
    if (rng.below(2) == 0) text += pick(rng, std::vector<std::string>{" ", " nice ", "\n", "!"});
  }
  return text;
}

// What the patterns look at: spaces of all kinds, line ends, digits, apostrophes, punctuation.
std::string edges(Rng& rng, std::size_t count) {
  static const std::vector<std::string> kPieces = {" ",
                                                   "  ",
                                                   "\n",
                                                   "\r\n",
                                                   "\r",
                                                   "\t",
                                                   "\v",
                                                   "\f",
                                                   "\u0085",
                                                   "\u00a0",
                                                   "\u180e",
                                                   "\u2003",
                                                   "\u2028",
                                                   "\u2029",
                                                   "\u3000",
                                                   "\u200b",
                                                   "\ufeff",
                                                   "\u2581",
                                                   "a",
                                                   "Don",
                                                   "'s",
                                                   "'S",
                                                   "'ll",
                                                   "'RE",
                                                   "'\u017f",
                                                   "\u212a",
                                                   "\u2019t",
                                                   "1",
                                                   "12",
                                                   "1234567",
                                                   "\u00b2",
                                                   "\u0661\u0662",
                                                   "\u216b",
                                                   "\u4e09",
                                                   "3.14",
                                                   "1,000",
                                                   "!",
                                                   "...",
                                                   "?!",
                                                   "-",
                                                   "_",
                                                   "#include <a>",
                                                   "(x)",
                                                   "\u3002",
                                                   "$5",
                                                   "\u20ac",
                                                   "+=",
                                                   "=>",
                                                   "`code`",
                                                   "~",
                                                   "\u0301",
                                                   "e\u0301",
                                                   "\u00e9",
                                                   "\u0958",
                                                   "\ud55c",
                                                   "\u1112\u1161\u11ab",
                                                   "\ufb01",
                                                   "\u01c5",
                                                   "\u0130",
                                                   "\u4f60\u597d",
                                                   "\u30c6\u30b9\u30c8",
                                                   "\u0442\u0435\u0441\u0442",
                                                   "word",
                                                   "Word",
                                                   "WORD",
                                                   "camelCase",
                                                   "https://a.b/c?d=e&f",
                                                   "\\n",
                                                   "\"",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]"};
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += pick(rng, kPieces);
  return text;
}

std::string random_code_points(Rng& rng, const std::vector<char32_t>& from, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    // Half of the time a neighbour follows, so that words of rare scripts come about.
    const std::size_t at = rng.below(from.size());
    append_utf8(text, from[at]);
    append_utf8(text,
                rng.below(2) == 0 ? pick(rng, from) : from[std::min(at + 1, from.size() - 1)]);
    if (rng.below(8) == 0) text += rng.below(2) == 0 ? " " : "\n";
  }
  return text;
}

}  // namespace

std::string Corpus::whole() const {
  std::string text;
  for (const std::string& kind : kinds) text += kind + "\n";
  return text;
}

std::vector<std::string> Corpus::excerpts(std::size_t count) const {
  Rng rng(5);
  std::vector<std::string> texts;
  for (const std::string& kind : kinds) {
    for (std::size_t i = 0; i < count / kinds.size(); ++i) {
      std::size_t begin = rng.below(kind.size());
      while (begin > 0 && (static_cast<unsigned char>(kind[begin]) & 0xC0) == 0x80) --begin;
      texts.push_back(head(kind.substr(begin, 400), 1 + rng.below(rng.below(2) == 0 ? 20 : 300)));
      if (texts.back().empty()) texts.pop_back();
    }
  }
  return texts;
}

Corpus make_corpus(const std::vector<char32_t>& code_points) {
  Corpus corpus;
  const auto add = [&](const char* name, std::size_t bytes) {
    if (const auto path = testing::shared_data(name)) {
      corpus.kinds.push_back(head(read_file(*path), bytes));
    } else {
      corpus.missing += std::string(" ") + name;
    }
  };
  add("gutenberg.txt", 250'000);
  add("tinystories-slice.txt", 100'000);
  add("ntrex-src.eng.txt", 100'000);
  add("ntrex-ref.arb.txt", 200'000);
  add("ntrex-ref.zho-CN.txt", 200'000);
  if (const auto path = testing::fetched("quran.json")) {
    corpus.kinds.push_back(verses(*path, 200'000));
  } else {
    corpus.missing += " quran.json";
  }
  Rng rng(4);
  corpus.kinds.push_back(own_source_code(150'000));
  corpus.kinds.push_back(emoji(rng, 2'000));
  corpus.kinds.push_back(edges(rng, 20'000));
  corpus.kinds.push_back(random_code_points(rng, code_points, 25'000));
  return corpus;
}

std::vector<char32_t> assigned_code_points() {
  const Regex known(R"([^\p{Cc}\p{Cn}\p{Co}\p{Cs}])", "assigned code points");
  Regex::Matcher matcher;
  std::vector<char32_t> code_points;
  for (char32_t c = 0x20; c < 0xE1000; ++c) {
    const bool many = (c >= 0x3400 && c < 0xA000) || (c >= 0xAC00 && c < 0xD800) ||
                      (c >= 0x13000 && c < 0x19000) || (c >= 0x20000 && c < 0xE0000);
    if ((many && c % 16 != 0) || (c >= 0xD800 && c < 0xE000)) continue;
    std::string text;
    append_utf8(text, c);
    Span match;
    if (matcher.find(known, text, 0, match)) code_points.push_back(c);
  }
  return code_points;
}

}  // namespace frugal::text

#include "text/bpe_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "text/tokenizer.h"

namespace frugal::text {
namespace {

BpeTrainerOptions options(std::int64_t vocab_size) {
  BpeTrainerOptions o;
  o.vocab_size = vocab_size;
  o.special_tokens = {"<bos>", "<eos>"};
  return o;
}

// Words of a few letters, so that many pairs have equal counts and overlap with themselves.
std::string random_text(std::uint64_t seed, int words) {
  Rng rng(seed);
  std::string text;
  for (int w = 0; w < words; ++w) {
    text += ' ';
    for (auto i = static_cast<int>(1 + rng.below(7)); i > 0; --i) {
      text += static_cast<char>('a' + rng.below(3));
    }
  }
  return text;
}

// The same by counting everything anew for every merge, over words cut at spaces.
std::vector<std::pair<std::string, std::string>> naive_merges(const std::string& text,
                                                              const Json& vocabulary,
                                                              std::size_t wanted,
                                                              std::int64_t least) {
  std::vector<std::vector<std::string>> words;
  for (const char c : text) {
    if (c == ' ') words.push_back({"Ġ"});
    if (c != ' ') words.back().emplace_back(1, c);
  }
  const auto id = [&](const std::string& token) { return vocabulary.at(token).get<int>(); };
  std::vector<std::pair<std::string, std::string>> merges;
  while (merges.size() < wanted) {
    std::map<std::pair<std::string, std::string>, std::int64_t> counts;
    for (const auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) ++counts[{word[i], word[i + 1]}];
    }
    const auto best = std::ranges::max_element(counts, [&](const auto& a, const auto& b) {
      if (a.second != b.second) return a.second < b.second;
      return std::pair(id(a.first.first), id(a.first.second)) >
             std::pair(id(b.first.first), id(b.first.second));
    });
    if (best == counts.end() || best->second < least) break;
    const auto pair = best->first;
    merges.push_back(pair);
    for (auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) {
        if (word[i] != pair.first || word[i + 1] != pair.second) continue;
        word[i] += word[i + 1];
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  return merges;
}

TEST(BpeTrainer, MergesTheMostFrequentPairEachTime) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const std::string text = random_text(seed, 400);
    BpeTrainer trainer(options(258 + 60));
    trainer.add(text);
    const Json made = trainer.train();
    std::vector<std::pair<std::string, std::string>> merges;
    for (const Json& merge : made["model"]["merges"]) merges.emplace_back(merge[0], merge[1]);
    EXPECT_GE(merges.size(), 55U);
    EXPECT_EQ(merges, naive_merges(text, made["model"]["vocab"], merges.size(), 2))
        << "seed " << seed;
  }
}

TEST(BpeTrainer, WritesATokenizerThatGivesTheTextBack) {
  BpeTrainer trainer(options(400));
  const std::string text =
      "The cat sat on the mat. 12345 the cat\n"
      "القط على الحصيرة.\n"
      "猫坐在垫子上。\n"
      "👩‍👩‍👧\n";
  for (int i = 0; i < 3; ++i) trainer.add(text);
  const Json made = trainer.train();
  const Tokenizer tokenizer = Tokenizer::from_json(made.dump(), "tokenizer.json");
  EXPECT_EQ(tokenizer.vocab_size(), static_cast<int>(made["model"]["vocab"].size()));
  EXPECT_EQ(tokenizer.id_of("<bos>"), 0);
  EXPECT_EQ(tokenizer.id_of("<eos>"), 1);
  EXPECT_TRUE(tokenizer.is_special(1));
  const std::vector<std::int32_t> ids = tokenizer.encode(text + "\xF0\x90\x8E\xA0 never seen");
  EXPECT_EQ(tokenizer.decode(ids, false), text + "\xF0\x90\x8E\xA0 never seen");
  EXPECT_LT(tokenizer.encode(text).size(), text.size() / 2);
}

TEST(BpeTrainer, DependsOnWhatWasSeenAndNotOnItsOrder) {
  BpeTrainer a(options(300));
  a.add(" one two two");
  a.add(" three three three");
  BpeTrainer b(options(300));
  b.add(" three three three");
  b.add(" one two two");
  EXPECT_EQ(a.train().dump(), b.train().dump());
}

TEST(BpeTrainer, StopsWhenThereIsNothingToMerge) {
  BpeTrainer trainer(options(10000));
  EXPECT_EQ(trainer.train()["model"]["vocab"].size(), 258U);
  trainer.add(" ab ab cd");  // "cd" occurs once
  EXPECT_EQ(trainer.train()["model"]["merges"].size(), 2U);
}

TEST(BpeTrainer, RefusesOptionsThatCannotWork) {
  EXPECT_THROW(BpeTrainer(options(257)), Error);
  EXPECT_NO_THROW(BpeTrainer(options(258)));
  BpeTrainerOptions twice = options(300);
  twice.special_tokens = {"<a>", "<a>"};
  EXPECT_THROW(BpeTrainer{twice}, Error);
  BpeTrainerOptions unknown = options(300);
  unknown.pre_tokenizer = "nothing";
  EXPECT_THROW(BpeTrainer{unknown}, Error);
}

}  // namespace
}  // namespace frugal::text

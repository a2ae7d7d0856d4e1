#include "text/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <set>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/byte_level_tokenizer.h"
#include "text/gguf_pre_tokenizers.h"
#include "text/normalizer.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

using Pair = std::pair<std::int32_t, std::int32_t>;

struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    const auto bits = static_cast<std::uint64_t>(static_cast<std::uint32_t>(pair.first)) << 32 |
                      static_cast<std::uint32_t>(pair.second);
    return static_cast<std::size_t>((bits ^ bits >> 29) * 0x9E3779B97F4A7C15ULL);
  }
};

struct Word {
  std::vector<std::int32_t> symbols;
  std::int64_t count = 0;
};

struct PairUse {
  std::int64_t count = 0;
  std::vector<std::int32_t> words;  // may name a word twice, or one that lost the pair
};

// A pair as it was when it was put into the queue; counts may have changed since.
struct Candidate {
  std::int64_t count;
  Pair pair;
  // The largest count first, then the smallest ids, so that ties fall the same way everywhere.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

// The words and pairs while merging goes on.
class Merger {
 public:
  explicit Merger(std::vector<Word> words) : words_(std::move(words)) {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      const std::vector<std::int32_t>& symbols = words_[w].symbols;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        change({symbols[i], symbols[i + 1]}, words_[w].count, static_cast<std::int32_t>(w));
      }
    }
    for (const auto& [pair, use] : pairs_) queue_.push({use.count, pair});
  }

  /// The most frequent pair, or one with a count of 0 when there is none.
  Candidate best() {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      const std::int64_t now = pairs_[top.pair].count;
      if (now == top.count) return top;
      queue_.pop();
      if (now > 0) queue_.push({now, top.pair});
    }
    return {0, {}};
  }

  /// Replaces `pair` by `symbol` in every word.
  void merge(const Pair& pair, std::int32_t symbol) {
    const std::vector<std::int32_t> where = std::move(pairs_[pair].words);
    std::set<Pair> grown;
    for (const std::int32_t w : where) merge_word(w, pair, symbol, grown);
    pairs_.erase(pair);
    for (const Pair& other : grown) queue_.push({pairs_[other].count, other});
  }

 private:
  void change(const Pair& pair, std::int64_t by, std::int32_t word) {
    PairUse& use = pairs_[pair];
    use.count += by;
    if (by > 0 && (use.words.empty() || use.words.back() != word)) use.words.push_back(word);
  }

  void merge_word(std::int32_t w, const Pair& pair, std::int32_t symbol, std::set<Pair>& grown) {
    Word& word = words_[static_cast<std::size_t>(w)];
    std::vector<std::int32_t>& s = word.symbols;
    for (std::size_t i = 0; i + 1 < s.size(); ++i) {
      if (s[i] != pair.first || s[i + 1] != pair.second) continue;
      if (i > 0) {
        change({s[i - 1], s[i]}, -word.count, w);
        change({s[i - 1], symbol}, word.count, w);
        grown.insert({s[i - 1], symbol});
      }
      if (i + 2 < s.size()) {
        change({s[i + 1], s[i + 2]}, -word.count, w);
        change({symbol, s[i + 2]}, word.count, w);
        grown.insert({symbol, s[i + 2]});
      }
      s[i] = symbol;
      s.erase(s.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
  }

  std::vector<Word> words_;
  std::unordered_map<Pair, PairUse, PairHash> pairs_;
  std::priority_queue<Candidate> queue_;
};

std::string byte_token(int byte) {
  return to_byte_level(std::string(1, static_cast<char>(static_cast<unsigned char>(byte))));
}

}  // namespace

BpeTrainer::BpeTrainer(BpeTrainerOptions options) : options_(std::move(options)) {
  const std::set<std::string> unique(options_.special_tokens.begin(),
                                     options_.special_tokens.end());
  require(unique.size() == options_.special_tokens.size() && !unique.contains(""),
          "the special tokens must differ from each other and not be empty");
  const auto least = static_cast<std::int64_t>(256 + unique.size());
  require(options_.vocab_size >= least && options_.vocab_size <= 1 << 24,
          "a vocabulary of {} is not possible: {} bytes and special tokens need their place, and "
          "2^24 is the most",
          options_.vocab_size, least);
  const NamedPreTokenizer named = named_pre_tokenizer(options_.pre_tokenizer, "--pre-tokenizer");
  nfc_ = named.nfc;
  for (const std::string_view pattern : named.patterns) {
    pre_tokenizer_.add(PreTokenizer::Split{Regex(pattern, options_.pre_tokenizer),
                                           SplitBehavior::isolated, false});
  }
}

void BpeTrainer::add(std::string_view text) {
  std::string valid = to_valid_utf8(text);
  if (nfc_) {
    if (std::optional<std::string> composed = to_unicode_form(valid, UnicodeForm::nfc))
      valid = *std::move(composed);
  }
  if (valid.empty()) return;
  Regex::Matcher matcher;
  std::deque<std::string> storage;
  const PreTokenizer::Sink count = [&](std::string_view piece) { ++counts_[std::string(piece)]; };
  PreTokenizer::Run run{matcher, storage, count};
  pre_tokenizer_.split(valid, true, run);
}

Json BpeTrainer::train() const {
  std::vector<std::string> tokens = options_.special_tokens;
  std::vector<std::int32_t> byte_ids(256);
  std::vector<std::string> bytes;
  bytes.reserve(256);
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(byte_token(byte));
  std::vector<std::string> alphabet = bytes;
  std::ranges::sort(alphabet);  // the order in which the library numbers them too
  tokens.insert(tokens.end(), alphabet.begin(), alphabet.end());
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto at = std::ranges::lower_bound(alphabet, bytes[byte]) - alphabet.begin();
    byte_ids[byte] =
        static_cast<std::int32_t>(options_.special_tokens.size() + static_cast<std::size_t>(at));
  }
  std::vector<Word> words;
  for (const auto& [piece, count] : counts_) {
    Word word{{}, count};
    for (const char c : piece) word.symbols.push_back(byte_ids[static_cast<unsigned char>(c)]);
    words.push_back(std::move(word));
  }
  Merger merger(std::move(words));
  std::set<std::string> taken(tokens.begin(), tokens.end());
  ByteLevelTokenizer out;
  while (static_cast<std::int64_t>(tokens.size()) < options_.vocab_size) {
    const Candidate best = merger.best();
    if (best.count < std::max<std::int64_t>(1, options_.min_frequency)) break;
    const std::string& left = tokens[static_cast<std::size_t>(best.pair.first)];
    const std::string& right = tokens[static_cast<std::size_t>(best.pair.second)];
    out.merges.emplace_back(left, right);
    std::string merged = left + right;
    // Two ways to the same token share its id: "a" + "bc" and "ab" + "c".
    if (taken.insert(merged).second) {
      tokens.push_back(std::move(merged));
      merger.merge(best.pair, static_cast<std::int32_t>(tokens.size() - 1));
    } else {
      const auto known = std::ranges::find(tokens, merged) - tokens.begin();
      merger.merge(best.pair, static_cast<std::int32_t>(known));
    }
  }
  for (std::size_t i = 0; i < options_.special_tokens.size(); ++i) {
    out.added.push_back({static_cast<std::int32_t>(i), options_.special_tokens[i], true});
  }
  out.tokens = std::move(tokens);
  out.pre_tokenizer = options_.pre_tokenizer;
  return tokenizer_json(out);
}

}  // namespace frugal::text

// Byte pair encoding: Sennrich et al., "Neural Machine Translation of Rare Words with Subword
// Units" (2016), with the options that tokenizer.json knows.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace frugal::text {

/// Which pairs of tokens merge, in which order, into what. The lowest rank merges first.
class MergeTable {
 public:
  /// Ranks at or beyond this are refused, so that a pair and its rank fit into 64 bits.
  static constexpr std::uint32_t kMaxRanks = 1U << 22;
  /// The pair does not merge.
  static constexpr std::uint32_t kNoRank = UINT32_MAX;

  void reserve(std::size_t pairs);
  /// Several pairs may share a rank when they merge into the same token. A pair that is there
  /// already gets the new rank.
  void set(std::int32_t left, std::int32_t right, std::uint32_t rank, std::int32_t merged);
  std::uint32_t rank(std::int32_t left, std::int32_t right) const;
  std::int32_t merged(std::uint32_t rank) const { return merged_[rank]; }
  std::size_t count() const { return count_; }

 private:
  static constexpr std::uint64_t kEmpty = UINT64_MAX;
  std::size_t slot_of(std::uint64_t pair) const;
  void grow(std::size_t slots);

  std::vector<std::uint64_t> slots_;  // [a power of two], left id, right id, rank: 21, 21, 22 bits
  std::vector<std::int32_t> merged_;  // [ranks]
  std::size_t count_ = 0;
};

struct BpeOptions {
  /// A character outside the vocabulary becomes the tokens <0xNN> of its bytes.
  bool byte_fallback = false;
  /// A run of unknown characters becomes one unknown token.
  bool fuse_unk = false;
  /// A piece that is a token as a whole stays one, whatever the merges say.
  bool ignore_merges = false;
  std::string unk_token = {};                  // empty: unknown characters vanish
  std::string continuing_subword_prefix = {};  // before each character but the first
  std::string end_of_word_suffix = {};         // behind the last character
};

class Bpe {
 public:
  explicit Bpe(Vocabulary vocabulary = {}, MergeTable merges = {}, BpeOptions options = {});

  const Vocabulary& vocabulary() const { return vocabulary_; }

  /// Buffers that calls share, so that most of them allocate nothing.
  struct Symbol {
    std::int32_t id;
    std::uint32_t rank;  // of the pair that starts here
    std::int32_t previous, next;
  };
  struct Scratch {
    std::vector<Symbol> symbols;
    std::vector<std::uint64_t> queue;
    std::string text;
  };

  /// Appends the tokens of `piece` to `out`. With `byte_level` the piece stands for its bytes in
  /// GPT-2's alphabet, without which it is valid UTF-8. Takes O(n log n) time for n bytes.
  /// Throws Error when the unknown token is needed and not in the vocabulary.
  void encode(std::string_view piece, bool byte_level, Scratch& scratch,
              std::vector<std::int32_t>& out) const;

 private:
  void first_symbols_of_bytes(std::string_view piece, std::vector<Symbol>& symbols) const;
  void first_symbols_of_chars(std::string_view piece, std::vector<Symbol>& symbols) const;
  void push(std::int32_t id, std::string_view text, bool& unknown,
            std::vector<Symbol>& symbols) const;
  bool push_bytes(std::string_view text, std::vector<Symbol>& symbols) const;
  void merge_few(std::vector<Symbol>& symbols) const;
  void merge_many(Scratch& scratch) const;

  Vocabulary vocabulary_;
  MergeTable merges_;
  BpeOptions options_;
  std::int32_t unk_ = kNoToken;
  std::array<std::int32_t, 256> byte_level_ids_;  // the token of each byte's character
  std::array<std::int32_t, 256> fallback_ids_;    // the token <0xNN> of each byte
};

}  // namespace frugal::text

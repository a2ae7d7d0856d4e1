// Makes a byte-level BPE tokenizer out of texts (Sennrich et al. 2016, over bytes as in GPT-2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "text/pre_tokenizer.h"

namespace frugal::text {

struct BpeTrainerOptions {
  /// Ids in all: special tokens, 256 bytes, merges. Fewer come out when the texts have no more
  /// pairs.
  std::int64_t vocab_size = 8192;
  /// A name that GGUF files know, such as smollm, qwen2 or deepseek-v3, so that the result works
  /// there.
  std::string pre_tokenizer = "smollm";
  /// Take the first ids, in this order.
  std::vector<std::string> special_tokens{};
  /// A pair has to occur so often to be merged.
  std::int64_t min_frequency = 2;
};

/// Counts the pieces of texts, then merges the most frequent pair again and again. The result
/// depends on the texts as a set with counts: neither on their order nor on the machine.
class BpeTrainer {
 public:
  /// Throws Error when the vocabulary has no room for bytes and special tokens, a special token
  /// comes twice or is empty, or the pre-tokenizer has no such name.
  explicit BpeTrainer(BpeTrainerOptions options);

  /// Counts the pieces of `text`; broken UTF-8 counts as U+FFFD.
  void add(std::string_view text);

  /// Trains and returns a tokenizer.json that Hugging Face's library reads.
  Json train() const;

 private:
  BpeTrainerOptions options_;
  PreTokenizer pre_tokenizer_;
  bool nfc_ = false;
  std::unordered_map<std::string, std::int64_t> counts_;  // of pieces, by their bytes
};

}  // namespace frugal::text

// The vocabulary of a GGUF file: the keys tokenizer.ggml.* (ggml/docs/gguf.md).
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "formats/gguf.h"
#include "text/gguf_pre_tokenizers.h"
#include "text/tokenizer.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

using formats::GgufMetadata;

constexpr std::string_view kSpaceMark = "\u2581";

NamedPreTokenizer read_pre_tokenizer(const GgufMetadata& metadata) {
  return named_pre_tokenizer(metadata.find_string("tokenizer.ggml.pre").value_or(""),
                             metadata.file().string());
}

// tokenizer.ggml.token_type
enum class GgufToken : std::int64_t { normal = 1, unknown, control, user_defined, unused, byte };

Vocabulary read_vocabulary(const GgufMetadata& metadata) {
  const std::string file = metadata.file().string();
  const auto& texts = metadata.get_strings("tokenizer.ggml.tokens");
  require(texts.size() <= static_cast<std::size_t>(kMaxTokens), "{}: {} tokens; at most {}", file,
          texts.size(), kMaxTokens);
  Vocabulary vocabulary;
  vocabulary.reserve(texts.size(), texts.size() * 8);
  for (std::size_t id = 0; id < texts.size(); ++id) {
    if (texts[id].empty()) continue;  // some files have holes
    if (!is_valid_utf8(texts[id])) {
      fail("{}: tokenizer.ggml.tokens: token {} is not UTF-8", file, id);
    }
    if (!vocabulary.add(texts[id], static_cast<std::int32_t>(id))) {
      fail("{}: tokenizer.ggml.tokens: '{}' stands twice", file, printable(texts[id]));
    }
  }
  return vocabulary;
}

// [tokens], all normal when the file does not say.
std::vector<GgufToken> read_types(const GgufMetadata& metadata, std::size_t tokens) {
  std::vector<GgufToken> types(tokens, GgufToken::normal);
  const auto stored = metadata.find_ints("tokenizer.ggml.token_type");
  if (!stored) return types;
  require(stored->size() == tokens, "{}: tokenizer.ggml.token_type has {} entries for {} tokens",
          metadata.file().string(), stored->size(), tokens);
  for (std::size_t i = 0; i < tokens; ++i) types[i] = static_cast<GgufToken>((*stored)[i]);
  return types;
}

MergeTable read_merges(const GgufMetadata& metadata, const Vocabulary& vocabulary) {
  const auto& lines = metadata.get_strings("tokenizer.ggml.merges");
  require(lines.size() < MergeTable::kMaxRanks, "{}: {} merges; at most {}",
          metadata.file().string(), lines.size(), MergeTable::kMaxRanks);
  MergeTable merges;
  merges.reserve(lines.size());
  std::string merged;
  for (std::size_t rank = 0; rank < lines.size(); ++rank) {
    const std::string_view line = lines[rank];
    const std::size_t space = std::min(line.find(' ', 1), line.size());
    const std::string_view left = line.substr(0, space);
    const std::string_view right = line.substr(std::min(space + 1, line.size()));
    merged.assign(left).append(right);
    const std::int32_t ids[] = {vocabulary.find(left), vocabulary.find(right),
                                vocabulary.find(merged)};
    if (std::find(std::begin(ids), std::end(ids), kNoToken) != std::end(ids)) {
      fail("{}: tokenizer.ggml.merges: '{}' is not a pair of tokens that makes a third",
           metadata.file().string(), printable(line));
    }
    merges.set(ids[0], ids[1], static_cast<std::uint32_t>(rank), ids[2]);
  }
  return merges;
}

// SentencePiece's BPE merges whatever two neighbours make a token, the best score first; so every
// way to cut a token in two is a pair, and its rank is the token's place by score.
MergeTable merges_of_scores(const GgufMetadata& metadata, const Vocabulary& vocabulary,
                            const std::vector<GgufToken>& types) {
  // A token longer than any real one would make the cuts take forever.
  constexpr std::size_t kMaxBytes = 512;
  const std::string file = metadata.file().string();
  const std::vector<float> scores = metadata.get_floats("tokenizer.ggml.scores");
  require(scores.size() == types.size(), "{}: tokenizer.ggml.scores has {} entries for {} tokens",
          file, scores.size(), types.size());
  std::vector<std::int32_t> order;
  for (std::size_t id = 0; id < types.size(); ++id) {
    if (std::isnan(scores[id])) {
      fail("{}: tokenizer.ggml.scores: the score of token {} is NaN", file, id);
    }
    if (types[id] == GgufToken::normal) order.push_back(static_cast<std::int32_t>(id));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  MergeTable merges;
  merges.reserve(types.size() * 2);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const std::string_view text = vocabulary.text(order[rank]);
    require(text.size() <= kMaxBytes, "{}: token {} has {} bytes; at most {}", file, order[rank],
            text.size(), kMaxBytes);
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      if ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) continue;
      const std::int32_t left = vocabulary.find(text.substr(0, cut));
      const std::int32_t right = left == kNoToken ? kNoToken : vocabulary.find(text.substr(cut));
      if (right == kNoToken) continue;
      merges.set(left, right, static_cast<std::uint32_t>(rank), order[rank]);
    }
  }
  return merges;
}

void add_special_tokens(const Vocabulary& vocabulary, const std::vector<GgufToken>& types,
                        TokenizerParts& parts) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    const bool special = types[i] == GgufToken::control || types[i] == GgufToken::unknown;
    if ((!special && types[i] != GgufToken::user_defined) || !vocabulary.has(id)) continue;
    parts.added.push_back(
        {.id = id, .content = std::string(vocabulary.text(id)), .special = special});
  }
}

std::optional<std::int32_t> token_key(const GgufMetadata& metadata, std::string_view key,
                                      const Vocabulary& vocabulary) {
  const auto id = metadata.find_int(key);
  if (!id) return std::nullopt;
  require(*id >= 0 && *id < kMaxTokens && vocabulary.has(static_cast<std::int32_t>(*id)),
          "{}: {} is {}, which is no token", metadata.file().string(), key, *id);
  return static_cast<std::int32_t>(*id);
}

TokenizerParts gpt2_parts(const GgufMetadata& metadata) {
  const NamedPreTokenizer pre = read_pre_tokenizer(metadata);
  TokenizerParts parts;
  Vocabulary vocabulary = read_vocabulary(metadata);
  MergeTable merges = read_merges(metadata, vocabulary);
  parts.model = Bpe(std::move(vocabulary), std::move(merges), {.ignore_merges = pre.ignore_merges});
  if (pre.nfc) parts.normalizer.add(UnicodeForm::nfc);
  for (const std::string_view pattern : pre.patterns) {
    parts.pre_tokenizer.add(
        PreTokenizer::Split{Regex(pattern, pre.names[0]), SplitBehavior::isolated, false});
  }
  parts.pre_tokenizer.add(PreTokenizer::ByteLevel{false, std::nullopt});
  parts.decoder.add(Decoder::ByteLevel{});
  return parts;
}

TokenizerParts llama_parts(const GgufMetadata& metadata) {
  TokenizerParts parts;
  Vocabulary vocabulary = read_vocabulary(metadata);
  const std::vector<GgufToken> types =
      read_types(metadata, metadata.get_strings("tokenizer.ggml.tokens").size());
  MergeTable merges = merges_of_scores(metadata, vocabulary, types);
  const auto unknown = token_key(metadata, "tokenizer.ggml.unknown_token_id", vocabulary);
  BpeOptions options{.byte_fallback = true, .fuse_unk = true};
  if (unknown) options.unk_token = vocabulary.text(*unknown);
  parts.model = Bpe(std::move(vocabulary), std::move(merges), std::move(options));
  const bool prefix = metadata.find_bool("tokenizer.ggml.add_space_prefix").value_or(true);
  if (prefix) parts.normalizer.add(Normalizer::Prepend{std::string(kSpaceMark)});
  parts.normalizer.add(Normalizer::Replace{Regex::literal(" ", "space"), std::string(kSpaceMark)});
  parts.decoder.add(Decoder::Replace{Regex::literal(kSpaceMark, "space"), " "});
  parts.decoder.add(Decoder::ByteFallback{});
  parts.decoder.add(Decoder::Fuse{});
  if (prefix) parts.decoder.add(Decoder::Strip{" ", 1, 0});
  return parts;
}

}  // namespace

Tokenizer Tokenizer::from_gguf(const GgufMetadata& metadata) {
  const std::string file = metadata.file().string();
  const std::string_view model = metadata.get_string("tokenizer.ggml.model");
  require(model == "gpt2" || model == "llama",
          "{}: tokenizer.ggml.model is '{}', which is not known; known are gpt2 and llama", file,
          printable(model));
  const bool scores = model == "llama";
  TokenizerParts parts = scores ? llama_parts(metadata) : gpt2_parts(metadata);
  const Vocabulary& vocabulary = parts.model.vocabulary();
  const std::size_t tokens = metadata.get_strings("tokenizer.ggml.tokens").size();
  add_special_tokens(vocabulary, read_types(metadata, tokens), parts);
  parts.bos = token_key(metadata, "tokenizer.ggml.bos_token_id", vocabulary);
  parts.eos = token_key(metadata, "tokenizer.ggml.eos_token_id", vocabulary);
  parts.pad = token_key(metadata, "tokenizer.ggml.padding_token_id", vocabulary);
  const bool add_bos = scores || read_pre_tokenizer(metadata).add_bos;
  if (metadata.find_bool("tokenizer.ggml.add_bos_token").value_or(add_bos) && parts.bos) {
    parts.prefix = {*parts.bos};
  }
  if (metadata.find_bool("tokenizer.ggml.add_eos_token").value_or(false) && parts.eos) {
    parts.suffix = {*parts.eos};
  }
  finish_parts(parts, file);
  return Tokenizer(std::move(parts));
}

}  // namespace frugal::text

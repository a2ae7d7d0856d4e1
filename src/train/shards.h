// Text tokenised once, into files that are mapped.
#pragma once

#include <memory>

#include "train/run_tokenizer.h"
#include "train/token_stream.h"

namespace frugal::train {

/// Tokens of a shard, and so of memory mapped at a time.
inline constexpr std::int64_t kShardTokens = 1 << 28;

/// What the tokens depend on: a hash of the format, the tokenizer and every byte of the text.
std::string shards_key(const std::filesystem::path& data, const std::string& text_key,
                       const RunTokenizer& tokenizer);

/// The tokens of all documents of `data` (see data_files()), each closed by the tokenizer's end
/// token. They lie in `cache`/KEY/, where they stay for the next run; what is there already is
/// used. Throws Error naming the file on data without text, and on shards that are damaged.
std::unique_ptr<TokenStream> open_shards(const std::filesystem::path& data,
                                         const std::string& text_key, const RunTokenizer& tokenizer,
                                         const std::string& key, const std::filesystem::path& cache,
                                         std::int64_t shard_tokens = kShardTokens);

}  // namespace frugal::train

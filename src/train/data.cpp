#include "train/data.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "train/shards.h"

namespace frugal::train {

namespace {

// Where the last `share` of the tokens begins: after the next end of a document, if that leaves at
// least half of the share, or else right there.
std::int64_t validation_begin(const TokenStream& stream, double share, std::int32_t end_token) {
  constexpr std::int64_t kChunk = 1 << 16;
  const auto validation = static_cast<std::int64_t>(share * static_cast<double>(stream.size()));
  const std::int64_t wanted = stream.size() - validation;
  const std::int64_t latest = stream.size() - validation / 2;
  std::vector<std::int32_t> tokens;
  for (std::int64_t begin = wanted; begin < latest; begin += kChunk) {
    tokens.resize(static_cast<std::size_t>(std::min(kChunk, latest - begin)));
    stream.read(begin, tokens);
    const auto at = std::ranges::find(tokens, end_token);
    if (at != tokens.end()) return begin + (at - tokens.begin()) + 1;
  }
  return wanted;
}

void split(const DataOptions& options, std::int32_t end_token, RunData& data) {
  const bool shares = options.validation_path.empty() && options.validation_share > 0;
  const std::int64_t size = data.all->size();
  const std::int64_t end =
      shares ? validation_begin(*data.all, options.validation_share, end_token) : size;
  data.training_stream = std::make_unique<TokenSlice>(*data.all, 0, end);
  if (data.other != nullptr) {
    data.validation_stream = std::make_unique<TokenSlice>(*data.other, 0, data.other->size());
  } else if (shares) {
    data.validation_stream = std::make_unique<TokenSlice>(*data.all, end, size);
  }
  require(data.validation_stream == nullptr || data.validation_stream->size() > 1,
          "{}: there is no text to validate with", options.path.string());
}

}  // namespace

RunData load_data(const DataOptions& options, const RunTokenizer& tokenizer,
                  const std::filesystem::path& cache) {
  RunData data;
  const std::string key = shards_key(options.path, options.text_key, tokenizer);
  data.all = open_shards(options.path, options.text_key, tokenizer, key, cache);
  std::string other;
  if (!options.validation_path.empty()) {
    other = shards_key(options.validation_path, options.text_key, tokenizer);
    data.other = open_shards(options.validation_path, options.text_key, tokenizer, other, cache);
  }
  data.key = fmt::format("{} validation {}:{} length {} seed {} mask {} fim {}", key,
                         options.validation_share, other, options.sequence_length, options.seed,
                         options.mask_samples, options.fim_share);
  split(options, tokenizer.end_token, data);
  WindowOptions windows;
  windows.length = options.sequence_length;
  windows.end_token = tokenizer.end_token;
  windows.mask_samples = options.mask_samples;
  windows.fim_share = options.fim_share;
  windows.fim = tokenizer.fim;
  windows.seed = options.seed;
  try {
    data.training = std::make_unique<Windows>(*data.training_stream, windows);
  } catch (const Error& error) {
    fail("{}: {}", options.path.string(), error.what());
  }
  if (data.validation_stream != nullptr) {
    windows.fim_share = 0;
    windows.shuffle = false;
    windows.length = std::min(windows.length, data.validation_stream->size() - 1);
    data.validation = std::make_unique<Windows>(*data.validation_stream, windows);
  }
  return data;
}

}  // namespace frugal::train

#include "train/windows.h"

#include <algorithm>
#include <numeric>

#include "base/rng.h"

namespace frugal::train {

namespace {

// Streams of random numbers, so that no two purposes share any.
constexpr std::uint64_t kOrderStream = 1ULL << 62;
constexpr std::uint64_t kFimStream = 1ULL << 63;

}  // namespace

Windows::Windows(const TokenStream& stream, const WindowOptions& options)
    : stream_(stream), options_(options) {
  // One token more than rows: the last row's target. Another `length` lets the offset move.
  const std::int64_t spare = options.shuffle ? options.length : 0;
  per_pass_ = (stream.size() - 1 - spare) / options.length;
  require(per_pass_ > 0, "{} tokens are too few for windows of {}", stream.size(), options.length);
  require(options.fim_share == 0 || options.fim.has_value(),
          "fill-in-the-middle needs a tokenizer with the three tokens that mark its parts");
}

void Windows::shuffle(std::int64_t pass) {
  pass_ = pass;
  order_.resize(static_cast<std::size_t>(per_pass_));
  std::iota(order_.begin(), order_.end(), 0);
  if (!options_.shuffle) return;
  Rng rng(options_.seed, kOrderStream + static_cast<std::uint64_t>(pass));
  offset_ = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(options_.length)));
  for (std::size_t i = order_.size() - 1; i > 0; --i) {
    std::swap(order_[i], order_[rng.below(i + 1)]);
  }
}

void Windows::append(std::int64_t i, Batch& batch) {
  if (pass_ != i / per_pass_) shuffle(i / per_pass_);
  const std::int64_t length = options_.length;
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(length + 1));
  stream_.read(offset_ + order_[static_cast<std::size_t>(i % per_pass_)] * length, tokens);
  if (options_.fim_share > 0) rearrange(tokens, i);
  std::int64_t first = 0;  // of the current sequence
  for (std::int64_t t = 0; t < length; ++t) {
    const auto at = static_cast<std::size_t>(t);
    const bool closes = options_.mask_samples && tokens[at] == options_.end_token;
    batch.tokens.push_back(tokens[at]);
    // What follows the end of a document is another one, which nobody could predict.
    batch.targets.push_back(closes ? ops::kIgnored : tokens[at + 1]);
    if (closes || t + 1 == length) {
      batch.layout.segments.push_back({batch.layout.rows, t + 1 - first, 0, {}});
      batch.layout.rows += t + 1 - first;
      first = t + 1;
    }
  }
}

void Windows::append(std::int64_t i, std::int64_t most_rows, std::vector<Batch>& batches) {
  if (batches.empty() || batches.back().layout.rows + options_.length > most_rows) {
    batches.emplace_back();
  }
  append(i, batches.back());
}

void Windows::rearrange(std::vector<std::int32_t>& tokens, std::int64_t i) const {
  Rng rng(options_.seed, kFimStream + static_cast<std::uint64_t>(i));
  std::vector<std::int32_t> result;
  for (auto begin = tokens.begin(); begin != tokens.end();) {
    const auto end = std::find(begin, tokens.end(), options_.end_token);
    if (rng.uniform() < options_.fim_share) {
      const auto turned = fill_in_the_middle({begin, end}, *options_.fim, rng);
      result.insert(result.end(), turned.begin(), turned.end());
    } else {
      result.insert(result.end(), begin, end);
    }
    if (end == tokens.end()) break;
    result.push_back(*end);
    begin = end + 1;
  }
  result.resize(tokens.size(), options_.end_token);
  tokens = std::move(result);
}

std::vector<std::int32_t> fill_in_the_middle(std::span<const std::int32_t> document,
                                             const FimTokens& fim, Rng& rng) {
  std::size_t first = rng.below(document.size() + 1);
  std::size_t second = rng.below(document.size() + 1);
  if (first > second) std::swap(first, second);
  std::vector<std::int32_t> result;
  result.reserve(document.size() + 3);
  const auto add = [&](std::size_t begin, std::size_t end) {
    result.insert(result.end(), document.begin() + static_cast<std::ptrdiff_t>(begin),
                  document.begin() + static_cast<std::ptrdiff_t>(end));
  };
  result.push_back(fim.begin);
  add(0, first);
  result.push_back(fim.hole);
  add(second, document.size());
  result.push_back(fim.end);
  add(first, second);
  return result;
}

}  // namespace frugal::train

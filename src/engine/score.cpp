#include "engine/score.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "engine/kv_cache.h"
#include "engine/sampler.h"

namespace frugal::engine {

namespace {

// Enough rows to keep the matrix multiplications busy, with logits of at most 64 MiB.
std::int64_t chunk_rows(std::int64_t vocab) {
  return std::clamp<std::int64_t>((64 << 20) / (vocab * std::int64_t{sizeof(float)}), 1, 512);
}

// Scores sequences one after the other in the same memory.
class Scorer {
 public:
  Scorer(models::LanguageModel& model, std::int64_t longest)
      : model_(model),
        rows_(std::min(longest, chunk_rows(model.vocab_size()))),
        pool_(blocks_for(longest), model.cache_block_bytes()),
        logits_(rows_, model.vocab_size()) {}

  std::vector<double> score(std::span<const std::int32_t> tokens) {
    BlockTable table(pool_);
    const auto predicted = static_cast<std::int64_t>(tokens.size()) - 1;
    table.reserve(predicted);
    std::vector<double> result;
    for (std::int64_t position = 0; position < predicted; position += rows_) {
      const std::int64_t rows = std::min(rows_, predicted - position);
      ops::SequenceLayout layout{{{0, rows, position, table.blocks()}}, rows};
      std::vector<std::int64_t> logit_rows(static_cast<std::size_t>(rows));
      std::iota(logit_rows.begin(), logit_rows.end(), 0);
      const View logits{logits_.data(), rows, logits_.cols()};
      model_.forward(
          tokens.subspan(static_cast<std::size_t>(position), static_cast<std::size_t>(rows)),
          layout, pool_.data(), logit_rows, logits);
      for (std::int64_t i = 0; i < rows; ++i) {
        result.push_back(logprob(logits, i, tokens[static_cast<std::size_t>(position + i + 1)]));
      }
    }
    return result;
  }

 private:
  static double logprob(View logits, std::int64_t row, std::int32_t token) {
    const std::span<const float> values(logits.row(row), static_cast<std::size_t>(logits.cols));
    require(token >= 0 && token < logits.cols, "token {} is not in the vocabulary of {}", token,
            logits.cols);
    check_finite(values);
    return values[static_cast<std::size_t>(token)] - log_sum_exp(values);
  }

  models::LanguageModel& model_;
  std::int64_t rows_;
  BlockPool pool_;
  Tensor logits_;  // [rows_, vocab]
};

}  // namespace

std::vector<double> score(models::LanguageModel& model, std::span<const std::int32_t> tokens) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  require(count >= 2, "{} tokens given; scoring needs at least two, as the first is not predicted",
          count);
  require(count <= model.max_positions(), "{} tokens given; the model has {} positions", count,
          model.max_positions());
  return Scorer(model, count).score(tokens);
}

Perplexity perplexity(models::LanguageModel& model, std::span<const std::int32_t> tokens,
                      std::int64_t context, const std::function<void(std::int64_t)>& progress) {
  require(context >= 2 && context <= model.max_positions(),
          "a context of {} tokens given, expected 2 to the model's {}", context,
          model.max_positions());
  require(tokens.size() >= 2, "{} tokens given; perplexity needs at least two", tokens.size());
  Scorer scorer(model, context);
  Perplexity result;
  double sum = 0;
  for (std::size_t start = 0; start + 1 < tokens.size();) {
    const std::size_t length = std::min(static_cast<std::size_t>(context), tokens.size() - start);
    const std::vector<double> logprobs = scorer.score(tokens.subspan(start, length));
    sum = std::accumulate(logprobs.begin(), logprobs.end(), sum);
    result.predicted += static_cast<std::int64_t>(logprobs.size());
    start += length;
    if (progress) progress(static_cast<std::int64_t>(start));
  }
  result.mean_nll = -sum / static_cast<double>(result.predicted);
  result.value = std::exp(result.mean_nll);
  return result;
}

}  // namespace frugal::engine

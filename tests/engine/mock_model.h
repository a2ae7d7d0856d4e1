// A language model whose logits are a hash of its sequence, as read back from the cache.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "models/language_model.h"

namespace frugal::engine::testing {

/// Writes each row's token and position to the cache; makes each row's logits from all entries of
/// its sequence up to there, read from the cache. A wrong block, position or chunk gives other
/// logits, and a layout that breaks its contract throws.
class MockModel : public models::LanguageModel {
 public:
  explicit MockModel(std::int64_t vocab = 53, std::int64_t positions = 1000)
      : vocab_(vocab), positions_(positions) {}

  std::int64_t vocab_size() const override { return vocab_; }
  std::int64_t max_positions() const override { return positions_; }
  std::int64_t cache_block_bytes() const override;
  void forward(std::span<const std::int32_t> tokens, const ops::SequenceLayout& layout,
               std::byte* cache, std::span<const std::int64_t> logit_rows, View logits) override;

  /// The logits [vocab] after `tokens`, computed without a cache.
  std::vector<float> logits_after(std::span<const std::int32_t> tokens) const;

  /// Called before each forward pass; may throw.
  std::function<void(std::span<const std::int32_t> tokens, const ops::SequenceLayout& layout)>
      before;
  /// Changes logits after they were made, say to NaN.
  std::function<void(View logits)> after;
  std::int64_t passes = 0;
  std::int64_t rows = 0;

 private:
  std::int64_t vocab_;
  std::int64_t positions_;
};

}  // namespace frugal::engine::testing

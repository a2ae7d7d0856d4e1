// What the engine needs of a model: tokens in, logits out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ops/layout.h"
#include "tensor/tensor.h"

namespace frugal::models {

class LanguageModel {
 public:
  virtual ~LanguageModel() = default;

  virtual std::int64_t vocab_size() const = 0;
  /// Longest sequence that the model was made for (max_position_embeddings).
  virtual std::int64_t max_positions() const = 0;
  /// Bytes of cache that kBlockTokens tokens of one sequence take, all layers together.
  virtual std::int64_t cache_block_bytes() const = 0;

  /// Runs `tokens` [T], packed as `layout` says, reads the cache of earlier positions and writes
  /// that of these. Block b of the cache starts at cache + b * cache_block_bytes(). Row i of
  /// `logits` [logit_rows.size(), vocab_size] gets the logits after row logit_rows[i] of the packed
  /// matrix. A row's result depends on its own sequence only, bit for bit. Throws Error on token
  /// ids outside the vocabulary.
  virtual void forward(std::span<const std::int32_t> tokens, const ops::SequenceLayout& layout,
                       std::byte* cache, std::span<const std::int64_t> logit_rows, View logits) = 0;

  /// Whether forward_further() may be called: the model has a layer that predicts one token more.
  virtual bool predicts_further() const { return false; }

  /// Multi-token prediction over rows of the last forward(): row i of this pass is its row rows[i],
  /// and next_tokens[i] is the token that came after it. The layout gives these rows the positions
  /// and cache blocks that they had. Row i of `logits` gets the logits of the token after the next
  /// one, after row logit_rows[i] of this pass.
  virtual void forward_further(std::span<const std::int64_t> rows,
                               std::span<const std::int32_t> next_tokens,
                               const ops::SequenceLayout& layout, std::byte* cache,
                               std::span<const std::int64_t> logit_rows, View logits);
};

}  // namespace frugal::models

// The forward pass of every architecture: llama, qwen and deepseek differ in configuration only.
#pragma once

#include "autograd/tape.h"
#include "models/language_model.h"
#include "models/load.h"

namespace frugal::models {

struct TransformerOptions {
  ops::MlaMode mla_mode = ops::MlaMode::absorbed;
  bool cache_mtp = false;  // keep room in the cache for the MTP layers
  ops::CacheType cache_type = ops::CacheType::f32;
};

class Transformer final : public LanguageModel {
 public:
  Transformer(ModelFiles files, const ops::Context& context,
              const TransformerOptions& options = {});

  /// Lays the weights out for serving (models/pack.h). They then belong to the model alone.
  void pack();

  std::int64_t vocab_size() const override { return config_.vocab_size; }
  std::int64_t max_positions() const override { return config_.max_position_embeddings; }
  std::int64_t cache_block_bytes() const override;
  void forward(std::span<const std::int32_t> tokens, const ops::SequenceLayout& layout,
               std::byte* cache, std::span<const std::int64_t> logit_rows, View logits) override;
  /// With cache_mtp, when the model has an MTP layer; the first one serves.
  bool predicts_further() const override;
  void forward_further(std::span<const std::int64_t> rows,
                       std::span<const std::int32_t> next_tokens, const ops::SequenceLayout& layout,
                       std::byte* cache, std::span<const std::int64_t> logit_rows,
                       View logits) override;

  const ModelConfig& config() const { return config_; }
  const formats::Checkpoint& checkpoint() const { return *checkpoint_; }
  const Weights& weights() const { return weights_; }
  /// The model again, to be given other adapters (models/lora.h): the weights, packed or not, are
  /// shared and not copied.
  ModelFiles files() const;

  /// The hidden states [T, hidden] after the last layer's norm, ready for the head.
  View hidden_states(autograd::Tape& tape, std::span<const std::int32_t> tokens,
                     const ops::SequenceLayout& layout, std::byte* cache) const;
  /// Multi-token prediction (DeepSeek-V3 report, section 2.2): from hidden_states() of positions i
  /// and the tokens at i + 1, hidden states whose logits are those of i + 2. `depth` counts from 0.
  View mtp_hidden_states(autograd::Tape& tape, std::size_t depth, ConstView hidden,
                         std::span<const std::int32_t> next_tokens,
                         const ops::SequenceLayout& layout, std::byte* cache) const;
  /// What turns hidden states into logits.
  const Parameter& output_head() const { return weights_.output_head(); }
  /// [T, vocab_size].
  View logits(autograd::Tape& tape, ConstView hidden) const;

 private:
  std::int64_t layer_cache_bytes() const;
  ops::CacheSlice layer_cache(std::int64_t layer, std::byte* cache) const;
  // Where the rows of a pass stand.
  struct Rows {
    const ops::SequenceLayout& layout;
    ops::Rotations rotations;
  };

  View decoder_layer(autograd::Tape& tape, const LayerWeights& w, View x, const Rows& rows,
                     ops::CacheSlice cache) const;
  View attention(autograd::Tape& tape, const AttentionWeights& w, ConstView x, const Rows& rows,
                 ops::CacheSlice cache) const;
  View mla(autograd::Tape& tape, const MlaWeights& w, ConstView x, const Rows& rows,
           ops::CacheSlice cache) const;
  View moe(autograd::Tape& tape, const MoeWeights& w, ConstView x,
           const ops::SequenceLayout& layout) const;

  std::shared_ptr<const formats::Checkpoint> checkpoint_;
  ModelConfig config_;
  Weights weights_;
  ops::Context context_;
  TransformerOptions options_;
  std::vector<float> rope_divisors_;
  ops::Rope rope_;
  ops::AttentionShape attention_shape_;
  ops::MlaShape mla_shape_;
  Arena arena_;
  Tensor hidden_;  // [T, hidden] of the last forward(), when it predicts further
};

}  // namespace frugal::models

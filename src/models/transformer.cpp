#include "models/transformer.h"

#include <algorithm>

#include "base/error.h"
#include "models/pack.h"
#include "models/rope_frequencies.h"
#include "ops/linear/linear.h"

namespace frugal::models {

using autograd::Tape;
using ops::CacheSlice;
using ops::SequenceLayout;

namespace {

View feed_forward(Tape& tape, const FeedForwardWeights& w, ConstView x) {
  const std::vector<View> both = tape.project(x, {{w.gate, {}}, {w.up, {}}});
  return tape.linear(tape.swiglu(both[0], both[1]), w.down);
}

}  // namespace

Transformer::Transformer(ModelFiles files, const ops::Context& context,
                         const TransformerOptions& options)
    : checkpoint_(std::move(files.checkpoint)),
      config_(std::move(files.config)),
      weights_(std::move(files.weights)),
      context_(context),
      options_(options),
      rope_divisors_(std::move(files.rope_divisors)),
      rope_(make_rope(config_.rope)) {
  for (std::size_t i = 0; i < rope_divisors_.size(); ++i) {
    rope_.frequencies[i] /= static_cast<double>(rope_divisors_[i]);
  }
  const float scale = config_.attention_scale();
  if (config_.mla) {
    const MlaConfig& m = *config_.mla;
    mla_shape_ = {config_.num_attention_heads,
                  m.qk_nope_head_dim,
                  m.qk_rope_head_dim,
                  m.v_head_dim,
                  m.kv_lora_rank,
                  scale,
                  options_.cache_type};
  } else {
    attention_shape_ = {config_.num_attention_heads, config_.num_key_value_heads, config_.head_dim,
                        scale, options_.cache_type};
  }
}

ModelFiles Transformer::files() const { return {checkpoint_, config_, weights_, rope_divisors_}; }

void Transformer::pack() {
  if (config_.mla && options_.mla_mode == ops::MlaMode::absorbed) {
    pack_absorbed(*checkpoint_, mla_shape_, weights_, context_.threads);
  }
  pack_weights(*checkpoint_, config_, weights_, context_.threads);
}

std::int64_t Transformer::layer_cache_bytes() const {
  return config_.mla ? ops::mla_cache_bytes(options_.mla_mode, mla_shape_)
                     : attention_shape_.cache_bytes();
}

std::int64_t Transformer::cache_block_bytes() const {
  const std::int64_t mtp = options_.cache_mtp ? config_.num_nextn_predict_layers : 0;
  return (config_.num_hidden_layers + mtp) * layer_cache_bytes();
}

CacheSlice Transformer::layer_cache(std::int64_t layer, std::byte* cache) const {
  if (cache == nullptr) return {};
  return {cache + layer * layer_cache_bytes(), cache_block_bytes()};
}

void Transformer::forward(std::span<const std::int32_t> tokens, const SequenceLayout& layout,
                          std::byte* cache, std::span<const std::int64_t> logit_rows, View logits) {
  require(
      logits.rows == static_cast<std::int64_t>(logit_rows.size()) && logits.cols == vocab_size(),
      "forward: logits [{}, {}] for {} rows", logits.rows, logits.cols, logit_rows.size());
  const Arena::Mark mark = arena_.mark();
  Tape tape(context_, arena_);
  const View hidden = hidden_states(tape, tokens, layout, cache);
  if (logits.rows > 0) {
    ops::linear(context_, tape.rows(hidden, logit_rows), weights_.output_head().weight, nullptr,
                logits);
  }
  if (predicts_further()) {
    hidden_ = Tensor(hidden.rows, hidden.cols);
    std::ranges::copy(hidden.span(), hidden_.data());
  }
  arena_.release(mark);
}

bool Transformer::predicts_further() const { return options_.cache_mtp && !weights_.mtp.empty(); }

void Transformer::forward_further(std::span<const std::int64_t> rows,
                                  std::span<const std::int32_t> next_tokens,
                                  const SequenceLayout& layout, std::byte* cache,
                                  std::span<const std::int64_t> logit_rows, View logits) {
  require(rows.size() == next_tokens.size() && std::ssize(rows) == layout.rows &&
              std::ranges::all_of(rows, [&](std::int64_t row) { return row < hidden_.rows(); }),
          "forward_further: {} rows and {} tokens for a layout of {}", rows.size(),
          next_tokens.size(), layout.rows);
  const Arena::Mark mark = arena_.mark();
  Tape tape(context_, arena_);
  const View states =
      mtp_hidden_states(tape, 0, tape.rows(hidden_.view(), rows), next_tokens, layout, cache);
  if (logits.rows > 0) {
    ops::linear(context_, tape.rows(states, logit_rows), weights_.output_head().weight, nullptr,
                logits);
  }
  arena_.release(mark);
}

View Transformer::hidden_states(Tape& tape, std::span<const std::int32_t> tokens,
                                const SequenceLayout& layout, std::byte* cache) const {
  require(static_cast<std::int64_t>(tokens.size()) == layout.rows,
          "{} tokens for a layout of {} rows", tokens.size(), layout.rows);
  View x = tape.embedding(weights_.embedding, tokens);  // [T, hidden]
  const Rows rows{layout, tape.rotations(rope_, layout)};
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    const CacheSlice slice = layer_cache(static_cast<std::int64_t>(i), cache);
    x = tape.layer(x, [this, &tape, rows, i, slice](View in) {
      return decoder_layer(tape, weights_.layers[i], in, rows, slice);
    });
  }
  return tape.rms_norm(x, weights_.norm, config_.rms_norm_eps);
}

View Transformer::mtp_hidden_states(Tape& tape, std::size_t depth, ConstView hidden,
                                    std::span<const std::int32_t> next_tokens,
                                    const SequenceLayout& layout, std::byte* cache) const {
  require(depth < weights_.mtp.size(), "this model predicts {} more tokens, number {} is wanted",
          weights_.mtp.size(), depth + 1);
  require(cache == nullptr || options_.cache_mtp, "the cache was sized without the MTP layers");
  const MtpWeights& w = weights_.mtp[depth];
  const View embedded = tape.embedding(weights_.embedding, next_tokens);
  // The released weights expect the embedding first, the other way round than the paper writes it.
  const View both = tape.concat(tape.rms_norm(embedded, w.embedding_norm, config_.rms_norm_eps),
                                tape.rms_norm(hidden, w.hidden_norm, config_.rms_norm_eps));
  const View x = tape.linear(both, w.projection);
  const auto layer = config_.num_hidden_layers + static_cast<std::int64_t>(depth);
  const CacheSlice slice = layer_cache(layer, cache);
  const Rows rows{layout, tape.rotations(rope_, layout)};
  const View out = tape.layer(x, [this, &tape, rows, &w, slice](View in) {
    return decoder_layer(tape, w.layer, in, rows, slice);
  });
  return tape.rms_norm(out, w.norm, config_.rms_norm_eps);
}

View Transformer::logits(Tape& tape, ConstView hidden) const {
  return tape.linear(hidden, weights_.output_head());
}

View Transformer::decoder_layer(Tape& tape, const LayerWeights& w, View x, const Rows& rows,
                                CacheSlice cache) const {
  const View normed = tape.rms_norm(x, w.attention_norm, config_.rms_norm_eps);
  const View attended =
      config_.mla ? mla(tape, std::get<MlaWeights>(w.attention), normed, rows, cache)
                  : attention(tape, std::get<AttentionWeights>(w.attention), normed, rows, cache);
  const View h = tape.add(x, attended);
  const View h_normed = tape.rms_norm(h, w.feed_forward_norm, config_.rms_norm_eps);
  const auto* mixture = std::get_if<MoeWeights>(&w.feed_forward);
  const View fed = mixture != nullptr
                       ? moe(tape, *mixture, h_normed, rows.layout)
                       : feed_forward(tape, std::get<FeedForwardWeights>(w.feed_forward), h_normed);
  return tape.add(h, fed);
}

View Transformer::attention(Tape& tape, const AttentionWeights& w, ConstView x, const Rows& rows,
                            CacheSlice cache) const {
  const std::vector<View> qkv =
      tape.project(x, {{w.q, w.q_bias}, {w.k, w.k_bias}, {w.v, w.v_bias}});
  View q = qkv[0];        // [T, n_heads, head_dim]
  View k = qkv[1];        // [T, n_kv_heads, head_dim]
  const View v = qkv[2];  // [T, n_kv_heads, head_dim]
  if (config_.qk_norm) {
    q = tape.rms_norm(q, w.q_norm, config_.rms_norm_eps);
    k = tape.rms_norm(k, w.k_norm, config_.rms_norm_eps);
  }
  tape.rope(rows.rotations, config_.num_attention_heads, q);
  tape.rope(rows.rotations, config_.num_key_value_heads, k);
  return tape.linear(tape.attention(attention_shape_, rows.layout, q, k, v, cache), w.o, w.o_bias);
}

View Transformer::mla(Tape& tape, const MlaWeights& w, ConstView x, const Rows& rows,
                      CacheSlice cache) const {
  const MlaConfig& m = *config_.mla;
  const float eps = config_.rms_norm_eps;
  const bool low_rank = m.q_lora_rank > 0;
  const std::vector<View> down =
      tape.project(x, {{low_rank ? w.q_a : w.q, w.q_a_bias}, {w.kv_a, w.kv_a_bias}});
  const View q = low_rank ? tape.linear(tape.rms_norm(down[0], w.q_a_norm, eps), w.q_b)
                          : down[0];  // [T, n_heads, nope + rope]
  const View compressed = down[1];    // [T, kv_lora_rank + rope]
  tape.rope(rows.rotations, config_.num_attention_heads, q);
  const View latent =
      tape.concat(tape.rms_norm(tape.columns(compressed, 0, m.kv_lora_rank), w.kv_a_norm, eps),
                  tape.columns(compressed, m.kv_lora_rank, compressed.cols));
  tape.rope(rows.rotations, 1, latent);
  const View out =
      w.absorbed.keys.empty()
          ? tape.mla(options_.mla_mode, mla_shape_, rows.layout, q, latent, w.kv_b, cache)
          : tape.mla_absorbed(mla_shape_, rows.layout, q, latent, w.absorbed, cache);
  return tape.linear(out, w.o, w.o_bias);
}

View Transformer::moe(Tape& tape, const MoeWeights& w, ConstView x,
                      const SequenceLayout& layout) const {
  std::vector<autograd::Expert> experts;
  experts.reserve(w.experts.size());
  for (const FeedForwardWeights& expert : w.experts) {
    experts.push_back({&expert.gate, &expert.up, &expert.down});
  }
  const View routed = tape.moe(config_.moe->router, x, w.router, w.bias, experts, layout);
  if (config_.moe->n_shared_experts == 0) return routed;
  return tape.add(routed, feed_forward(tape, w.shared, x));
}

}  // namespace frugal::models

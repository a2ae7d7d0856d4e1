#include "models/token_work.h"

namespace frugal::models {

namespace {

TokenWork matrix_work(const ops::Weight& w) {
  const auto products = static_cast<double>(w.n * w.k);
  const bool levels = is_block_type(w.dtype);
  return {static_cast<double>(w.n * row_bytes(w.dtype, w.k)), levels ? products : 0,
          levels ? 0 : products};
}

TokenWork times(const TokenWork& work, double factor) {
  return {work.bytes * factor, work.level_products * factor, work.float_products * factor};
}

TokenWork attention_work(const AttentionWeights& w) {
  TokenWork work;
  for (const Parameter* p : {&w.q, &w.k, &w.v, &w.o}) work += matrix_work(p->weight);
  return work;
}

TokenWork attention_work(const MlaWeights& w) {
  TokenWork work;
  for (const Parameter* p : {&w.q, &w.q_a, &w.q_b, &w.kv_a, &w.kv_b, &w.o}) {
    if (!p->empty()) work += matrix_work(p->weight);
  }
  for (const auto* heads : {&w.absorbed.keys, &w.absorbed.values}) {
    for (const ops::Weight& head : *heads) work += matrix_work(head);
  }
  return work;
}

TokenWork feed_forward_work(const FeedForwardWeights& w) {
  TokenWork work;
  for (const Parameter* p : {&w.gate, &w.up, &w.down}) work += matrix_work(p->weight);
  return work;
}

TokenWork mixture_work(const ModelConfig& config, const MoeWeights& w) {
  TokenWork work = matrix_work(w.router.weight);
  // All experts have the same shape and type.
  work += times(feed_forward_work(w.experts.front()),
                static_cast<double>(config.moe->router.num_experts_per_tok));
  if (!w.shared.gate.empty()) work += feed_forward_work(w.shared);
  return work;
}

}  // namespace

TokenWork& TokenWork::operator+=(const TokenWork& other) {
  bytes += other.bytes;
  level_products += other.level_products;
  float_products += other.float_products;
  return *this;
}

TokenWork layers_work(const ModelConfig& config, const Weights& weights) {
  const ops::Weight& embedding = weights.embedding.weight;
  TokenWork work;
  work.bytes = static_cast<double>(row_bytes(embedding.dtype, embedding.k));
  for (const LayerWeights& layer : weights.layers) {
    work += std::visit([](const auto& w) { return attention_work(w); }, layer.attention);
    if (const auto* mixture = std::get_if<MoeWeights>(&layer.feed_forward)) {
      work += mixture_work(config, *mixture);
    } else {
      work += feed_forward_work(std::get<FeedForwardWeights>(layer.feed_forward));
    }
  }
  return work;
}

TokenWork head_work(const Weights& weights) { return matrix_work(weights.output_head().weight); }

}  // namespace frugal::models

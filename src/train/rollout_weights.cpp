#include "train/rollout_weights.h"

#include "ops/panel/panel.h"

namespace frugal::train {

namespace {

// Looked up by rows, which panels are slow at.
bool is_embedding(const models::ParameterSite& site) {
  return site.name == "model.embed_tokens.weight";
}

}  // namespace

RolloutWeights::RolloutWeights(const models::ModelFiles& files, ThreadPool& threads)
    : files_(files) {
  files_.config.num_nextn_predict_layers = 0;  // rollouts predict nothing further
  models::for_each_parameter(files_.config, files_.weights,
                             [&](const models::ParameterSite& site, models::Parameter& parameter) {
                               if (site.kind == models::ParameterKind::vector) return;
                               if (!is_embedding(site)) copy(parameter);
                             });
  if (files_.config.tie_word_embeddings) {
    files_.weights.head = files_.weights.embedding;
    copy(files_.weights.head);
  }
  pack(threads, true);
}

void RolloutWeights::copy(models::Parameter& parameter) {
  parameter.weight = copied(parameter.weight, parameter.gradient.data != nullptr);
  if (parameter.adapter == nullptr) return;
  autograd::Adapter adapter = *parameter.adapter;
  copy(adapter.down);
  copy(adapter.up);
  parameter.adapter = std::make_shared<const autograd::Adapter>(std::move(adapter));
}

ops::Weight RolloutWeights::copied(const ops::Weight& weight, bool is_trained) {
  if (weight.empty() || is_block_type(weight.dtype)) return weight;
  const auto memory = std::make_shared<Buffer>(
      static_cast<std::size_t>(ops::packed_bytes(weight.dtype, weight.n, weight.k)),
      "the weights of rollouts");
  const ops::Weight packed = ops::packed_weight(weight, memory->data(), memory);
  copies_.push_back({weight, memory->data(), is_trained});
  return packed;
}

std::uint64_t RolloutWeights::bytes() const {
  std::int64_t bytes = 0;
  for (const Copy& c : copies_) bytes += ops::packed_bytes(c.from.dtype, c.from.n, c.from.k);
  return static_cast<std::uint64_t>(bytes);
}

void RolloutWeights::refresh(ThreadPool& threads) { pack(threads, false); }

void RolloutWeights::pack(ThreadPool& threads, bool all) {
  threads.for_each(std::ssize(copies_), [&](std::int64_t i) {
    const Copy& c = copies_[static_cast<std::size_t>(i)];
    if (all || c.is_trained) ops::pack_panels(c.from, 0, ops::panel_count(c.from.n), c.to);
  });
}

}  // namespace frugal::train

#include "models/pack.h"

#include <algorithm>

#include "base/error.h"
#include "models/gguf_names.h"
#include "ops/panel/panel.h"

namespace frugal::models {

namespace {

// Bytes of the file that are packed before its pages are given back: few enough not to show.
constexpr std::int64_t kSlice = 2 << 20;

bool is_packed(const ModelConfig& config, const ParameterSite& site, const Parameter& parameter) {
  if (site.kind == ParameterKind::vector || parameter.empty()) return false;
  return site.name != "model.embed_tokens.weight" || config.tie_word_embeddings;
}

void pack_one(const formats::Checkpoint& checkpoint, const ops::Weight& weight, std::byte* place,
              ThreadPool& threads) {
  const std::int64_t panels = ops::panel_count(weight.n);
  const std::int64_t bytes = ops::panel_bytes(weight.dtype, weight.k);
  const std::int64_t step = std::max<std::int64_t>(1, kSlice / bytes);
  const std::int64_t row = row_bytes(weight.dtype, weight.k);
  for (std::int64_t p = 0; p < panels; p += step) {
    const std::int64_t count = std::min(step, panels - p);
    threads.parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
      ops::pack_panels(weight, p + begin, p + end, place);
    });
    const std::int64_t first = p * ops::kPanelRows;
    const std::int64_t last = std::min(first + count * ops::kPanelRows, weight.n);
    checkpoint.release({weight.data + first * row, static_cast<std::size_t>((last - first) * row)});
  }
}

// The matrices of one layer, by head: out of the file's own split tensors, so that they keep their
// types, or made of kv_b.
ops::AbsorbedWeights absorbed_weights(const formats::Checkpoint& checkpoint,
                                      const ops::MlaShape& shape, const Parameter& kv_b) {
  if (!checkpoint.is_gguf()) return ops::absorb(shape, kv_b.weight);
  std::string name = gguf_site(kv_b.name).name;
  if (checkpoint.find(name) != nullptr) return ops::absorb(shape, kv_b.weight);
  name.resize(name.size() - std::string_view("kv_b.weight").size());
  const formats::StoredTensor& k_b = checkpoint.get(name + "k_b.weight");
  const formats::StoredTensor& v_b = checkpoint.get(name + "v_b.weight");
  const std::int64_t rank = shape.kv_lora_rank;
  const ops::Weight keys{
      k_b.dtype, shape.n_heads * rank, shape.qk_nope_head_dim, k_b.data.data(), nullptr, nullptr};
  const ops::Weight values{
      v_b.dtype, shape.n_heads * shape.v_head_dim, rank, v_b.data.data(), nullptr, nullptr};
  ops::AbsorbedWeights weights;
  for (std::int64_t h = 0; h < shape.n_heads; ++h) {
    weights.keys.push_back(keys.rows(h * rank, rank));
    weights.values.push_back(values.rows(h * shape.v_head_dim, shape.v_head_dim));
  }
  return weights;
}

void pack_heads(ops::AbsorbedWeights& weights, ThreadPool& threads) {
  std::vector<ops::Weight*> all;
  std::vector<std::int64_t> places;
  std::int64_t total = 0;
  for (auto* list : {&weights.keys, &weights.values}) {
    for (ops::Weight& weight : *list) {
      all.push_back(&weight);
      places.push_back(total);
      total += ops::packed_bytes(weight.dtype, weight.n, weight.k);
    }
  }
  const auto memory = std::make_shared<Buffer>(static_cast<std::size_t>(total), "absorbed weights");
  threads.for_each(static_cast<std::int64_t>(all.size()), [&](std::int64_t i) {
    ops::Weight& weight = *all[static_cast<std::size_t>(i)];
    std::byte* place = memory->data() + places[static_cast<std::size_t>(i)];
    ops::pack_panels(weight, 0, ops::panel_count(weight.n), place);
    weight = ops::packed_weight(weight, place, memory);
  });
}

}  // namespace

void pack_weights(const formats::Checkpoint& checkpoint, const ModelConfig& config,
                  Weights& weights, ThreadPool& threads) {
  std::int64_t total = 0;
  for_each_parameter(config, weights, [&](const ParameterSite& site, const Parameter& parameter) {
    if (is_packed(config, site, parameter)) {
      total += ops::packed_bytes(parameter.weight.dtype, site.n, site.k);
    }
  });
  const auto memory = std::make_shared<Buffer>(static_cast<std::size_t>(total), "the weights");
  std::byte* place = memory->data();
  for_each_parameter(config, weights, [&](const ParameterSite& site, Parameter& parameter) {
    if (!is_packed(config, site, parameter)) return;
    pack_one(checkpoint, parameter.weight, place, threads);
    parameter.weight = ops::packed_weight(parameter.weight, place, memory);
    place += parameter.weight.bytes();
  });
}

void pack_absorbed(const formats::Checkpoint& checkpoint, const ops::MlaShape& shape,
                   Weights& weights, ThreadPool& threads) {
  const auto pack_layer = [&](LayerWeights& layer) {
    auto& w = std::get<MlaWeights>(layer.attention);
    w.absorbed = absorbed_weights(checkpoint, shape, w.kv_b);
    pack_heads(w.absorbed, threads);
    w.kv_b.weight = {};
  };
  for (LayerWeights& layer : weights.layers) pack_layer(layer);
  for (MtpWeights& mtp : weights.mtp) pack_layer(mtp.layer);
}

}  // namespace frugal::models

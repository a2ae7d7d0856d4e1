#include "models/pack.h"

#include <algorithm>

#include "base/error.h"
#include "ops/panel/panel.h"

namespace frugal::models {

namespace {

// Bytes of the file that are packed before its pages are given back: few enough not to show.
constexpr std::int64_t kSlice = 16 << 20;

bool is_packed(const ModelConfig& config, const ParameterSite& site) {
  if (site.kind == ParameterKind::vector || site.name.ends_with(".kv_b_proj.weight")) return false;
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

}  // namespace

void pack_weights(const formats::Checkpoint& checkpoint, const ModelConfig& config,
                  Weights& weights, ThreadPool& threads) {
  std::int64_t total = 0;
  for_each_parameter(config, weights, [&](const ParameterSite& site, const Parameter& parameter) {
    if (is_packed(config, site)) {
      total += ops::packed_bytes(parameter.weight.dtype, site.n, site.k);
    }
  });
  const auto memory = std::make_shared<Buffer>(static_cast<std::size_t>(total), "the weights");
  std::byte* place = memory->data();
  for_each_parameter(config, weights, [&](const ParameterSite& site, Parameter& parameter) {
    if (!is_packed(config, site)) return;
    pack_one(checkpoint, parameter.weight, place, threads);
    parameter.weight = ops::packed_weight(parameter.weight, place, memory);
    place += parameter.weight.bytes();
  });
}

}  // namespace frugal::models

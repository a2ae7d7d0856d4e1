#include "models/golden_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/rng.h"
#include "formats/safetensors.h"
#include "support/data.h"

namespace frugal::models::testing {

namespace fs = std::filesystem;
using formats::StoredTensor;
using ops::kBlockTokens;

namespace {

const StoredTensor* find(const formats::SafetensorsFile& file, std::string_view name) {
  const auto found = std::ranges::find(file.tensors, name, &StoredTensor::name);
  return found == file.tensors.end() ? nullptr : &*found;
}

std::vector<std::int32_t> integers(const StoredTensor& tensor) {
  require(tensor.dtype == DType::i32, "{} is not I32", tensor.name);
  std::vector<std::int32_t> values(tensor.data.size() / sizeof(std::int32_t));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

Tensor floats(const StoredTensor& tensor) {
  require(tensor.dtype == DType::f32 && tensor.shape.size() == 2, "{} is not an F32 matrix",
          tensor.name);
  Tensor values(tensor.shape[0], tensor.shape[1]);
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

std::vector<std::int64_t> widened(const std::vector<std::int32_t>& values) {
  return {values.begin(), values.end()};
}

std::vector<std::int64_t> iota(std::int64_t n) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

std::int64_t blocks_for(std::int64_t tokens) { return (tokens + kBlockTokens - 1) / kBlockTokens; }

// A sequence on its way through the model.
struct Progress {
  std::span<const std::int32_t> tokens;
  std::vector<std::int32_t> blocks;
  Tensor logits;  // [T, vocab_size]
  std::int64_t done = 0;

  std::int64_t left() const { return static_cast<std::int64_t>(tokens.size()) - done; }
};

// Runs the next counts[i] tokens of sequence i, all in one call.
void advance(Transformer& model, std::vector<Progress>& sequences,
             std::span<const std::int64_t> counts, std::byte* cache) {
  std::vector<std::int32_t> tokens;
  ops::SequenceLayout layout;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    Progress& sequence = sequences[i];
    if (counts[i] == 0) continue;
    layout.segments.push_back({layout.rows, counts[i], sequence.done, sequence.blocks});
    layout.rows += counts[i];
    const auto next = sequence.tokens.subspan(static_cast<std::size_t>(sequence.done),
                                              static_cast<std::size_t>(counts[i]));
    tokens.insert(tokens.end(), next.begin(), next.end());
  }
  const Tensor logits(layout.rows, model.vocab_size());
  model.forward(tokens, layout, cache, iota(layout.rows), logits.view());
  std::int64_t row = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (counts[i] == 0) continue;
    std::copy_n(logits.row(row), counts[i] * model.vocab_size(),
                sequences[i].logits.row(sequences[i].done));
    sequences[i].done += counts[i];
    row += counts[i];
  }
}

Progress start(const Transformer& model, std::span<const std::int32_t> tokens) {
  return {tokens, {}, Tensor(static_cast<std::int64_t>(tokens.size()), model.vocab_size()), 0};
}

}  // namespace

std::vector<GoldenSource> golden_sources() {
  std::vector<GoldenSource> sources;
  for (const auto& entry : fs::directory_iterator(frugal::testing::golden("models"))) {
    if (!entry.is_directory()) continue;
    const std::string folder = "models/" + entry.path().filename().string();
    sources.push_back({folder, folder + "/logits.safetensors"});
  }
  for (const auto& entry : fs::directory_iterator(frugal::testing::golden("gguf"))) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(".gguf") || name.find("-00002-") != std::string::npos ||
        name.find("-00003-") != std::string::npos) {
      continue;
    }
    const std::string file = "gguf/" + name;
    for (const std::string_view ending : {".gguf", "-00001-of-00003", "_old"}) {
      if (name.ends_with(ending)) name.resize(name.size() - ending.size());
    }
    std::string own = "gguf/" + name + ".logits.safetensors";
    if (!fs::exists(frugal::testing::golden(own))) own = "models/" + name + "/logits.safetensors";
    sources.push_back({file, own});
  }
  std::ranges::sort(sources, {}, &GoldenSource::model);
  return sources;
}

Reference read_reference(const fs::path& path) {
  const MappedFile file(path);
  const formats::SafetensorsFile stored = formats::parse_safetensors(file.bytes(), path);
  const auto get = [&](std::string_view name) -> const StoredTensor& {
    const StoredTensor* tensor = find(stored, name);
    require(tensor != nullptr, "{} has no {}", path.string(), name);
    return *tensor;
  };
  Reference reference;
  reference.tokens = integers(get("tokens"));
  reference.positions = widened(integers(get("positions")));
  reference.logits = floats(get("logits"));
  if (find(stored, "mtp_logits") != nullptr) {
    reference.mtp_positions = widened(integers(get("mtp_positions")));
    reference.mtp_logits = floats(get("mtp_logits"));
  }
  return reference;
}

Tensor run_at_once(Transformer& model, std::span<const std::int32_t> tokens) {
  std::vector<Progress> one;
  one.push_back(start(model, tokens));
  const std::int64_t all = one[0].left();
  advance(model, one, std::span(&all, 1), nullptr);
  return std::move(one[0].logits);
}

Tensor run_in_chunks(Transformer& model, std::span<const std::int32_t> tokens,
                     std::span<const std::int64_t> chunks) {
  std::vector<Progress> one;
  one.push_back(start(model, tokens));
  const std::int64_t blocks = blocks_for(one[0].left());
  for (std::int64_t b = blocks - 1; b >= 0; --b) {
    one[0].blocks.push_back(static_cast<std::int32_t>(b));
  }
  const Buffer cache(static_cast<std::size_t>(blocks * model.cache_block_bytes()));
  for (std::size_t i = 0; one[0].left() > 0; ++i) {
    const std::int64_t count = std::min(chunks[i % chunks.size()], one[0].left());
    advance(model, one, std::span(&count, 1), cache.data());
  }
  return std::move(one[0].logits);
}

std::vector<Tensor> run_packed(Transformer& model,
                               std::span<const std::vector<std::int32_t>> sequences,
                               std::uint64_t seed, std::uint64_t most) {
  Rng rng(seed);
  std::vector<Progress> running;
  std::int64_t total = 0;
  for (const std::vector<std::int32_t>& tokens : sequences) {
    running.push_back(start(model, tokens));
    total += blocks_for(running.back().left());
  }
  std::vector<std::int64_t> order = iota(total);
  for (std::int64_t i = total - 1; i > 0; --i) {
    std::swap(order[static_cast<std::size_t>(i)],
              order[rng.below(static_cast<std::uint64_t>(i) + 1)]);
  }
  for (Progress& sequence : running) {
    for (std::int64_t b = blocks_for(sequence.left()); b > 0; --b) {
      sequence.blocks.push_back(static_cast<std::int32_t>(order.back()));
      order.pop_back();
    }
  }
  const Buffer cache(static_cast<std::size_t>(total * model.cache_block_bytes()));
  std::vector<std::int64_t> counts(running.size());
  while (std::ranges::any_of(running, [](const Progress& s) { return s.left() > 0; })) {
    for (std::size_t i = 0; i < running.size(); ++i) {
      counts[i] = std::min(static_cast<std::int64_t>(rng.below(most + 1)), running[i].left());
    }
    if (std::ranges::any_of(counts, [](std::int64_t n) { return n > 0; })) {
      advance(model, running, counts, cache.data());
    }
  }
  std::vector<Tensor> logits;
  for (Progress& sequence : running) logits.push_back(std::move(sequence.logits));
  return logits;
}

double worst_row(ConstView got, ConstView wanted, std::span<const std::int64_t> positions) {
  double worst = 0;
  for (std::int64_t i = 0; i < wanted.rows; ++i) {
    const ConstView row{wanted.row(i), 1, wanted.cols};
    const double error = distance(got, row, positions.subspan(static_cast<std::size_t>(i), 1));
    // What is no number is the worst, and stays it.
    if (!(error <= worst) && !std::isnan(worst)) worst = error;
  }
  return worst;
}

double distance(ConstView got, ConstView wanted, std::span<const std::int64_t> positions) {
  double difference = 0;
  double norm = 0;
  for (std::int64_t i = 0; i < wanted.rows; ++i) {
    const float* row = got.row(positions[static_cast<std::size_t>(i)]);
    for (std::int64_t j = 0; j < wanted.cols; ++j) {
      const double value = wanted.row(i)[j];
      difference += (row[j] - value) * (row[j] - value);
      norm += value * value;
    }
  }
  return std::sqrt(difference / norm);
}

}  // namespace frugal::models::testing

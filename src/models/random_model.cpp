#include "models/random_model.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

#include "models/write_config.h"
#include "quant/quant.h"

namespace frugal::models {

namespace {

// As models are initialised; large enough for every block type, small enough that nothing overflows
// over the layers.
constexpr float kDeviation = 0.02F;
// Values that are drawn: no matrix that routes or mixes repeats within itself.
constexpr std::int64_t kDrawn = 1 << 20;

/// Random weights of any dtype. Equal ones share their memory.
class RandomWeights {
 public:
  ops::Weight matrix(DType dtype, std::int64_t n, std::int64_t k) {
    Pool& pool = pools_[{dtype, k}];
    const auto bytes = static_cast<std::size_t>(n * row_bytes(dtype, k));
    if (pool.bytes < bytes) pool = make(dtype, k, bytes);
    return {dtype, n, k, pool.memory->data(), nullptr, pool.memory};
  }

  static ops::Weight vector(std::int64_t k, float value) {
    const ops::FloatWeight floats(1, k);
    std::fill_n(floats.tensor->row(0), k, value);
    return floats.weight;
  }

 private:
  struct Pool {
    std::shared_ptr<Buffer> memory;
    std::size_t bytes = 0;
  };

  Pool make(DType dtype, std::int64_t k, std::size_t bytes) {
    const std::int64_t rows = std::max<std::int64_t>(1, kDrawn / k);
    std::vector<std::byte> drawn(static_cast<std::size_t>(rows * row_bytes(dtype, k)));
    std::vector<float> values(static_cast<std::size_t>(rows * k));
    std::normal_distribution<float> normal(0, kDeviation);
    for (float& value : values) value = normal(random_);
    quant::quantize(dtype, values, drawn);
    Pool pool{std::make_shared<Buffer>(bytes, "random weights"), bytes};
    for (std::size_t at = 0; at < bytes; at += drawn.size()) {
      std::memcpy(pool.memory->data() + at, drawn.data(), std::min(drawn.size(), bytes - at));
    }
    return pool;
  }

  std::mt19937_64 random_{1};
  std::map<std::pair<DType, std::int64_t>, Pool> pools_;
};

}  // namespace

void write_random_gguf(const ModelConfig& config, const StorageType& type,
                       const std::filesystem::path& path) {
  ModelFiles files;
  files.config = config;
  RandomWeights random;
  for_each_parameter(config, files.weights, [&](const ParameterSite& site, Parameter& parameter) {
    const bool is_norm = site.name.ends_with("norm.weight");
    parameter.weight = site.kind == ParameterKind::vector
                           ? RandomWeights::vector(site.k, is_norm ? 1.0F : 0.0F)
                           : random.matrix(stored_dtype(type, config, site), site.n, site.k);
  });
  formats::GgufMetadataBuilder metadata;
  set_gguf_config(config, metadata);
  metadata.set_string("general.name", "random weights");
  metadata.set_u32("general.quantization_version", 2);
  metadata.set_string("tokenizer.ggml.model", "none");  // llama.cpp's word for no vocabulary
  formats::write_gguf(path, metadata, gguf_tensors(files, type));
}

}  // namespace frugal::models

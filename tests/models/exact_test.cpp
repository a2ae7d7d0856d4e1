// Rows depend on their own sequence alone, bit for bit, on the kernels that serve: each storage
// type, each form of the cache, prompts cut anyhow, any company, any number of threads.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/cpu.h"
#include "base/rng.h"
#include "formats/safetensors.h"
#include "models/golden_model.h"
#include "models/random_model.h"
#include "models/write_config.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using frugal::testing::TemporaryFolder;
using testing::run_at_once;
using testing::run_in_chunks;
using testing::run_packed;

// Rows that every block type divides, or nearly: the third of V3's kind falls back in places.
constexpr const char* kDense = R"({"model_type": "qwen2", "vocab_size": 300, "hidden_size": 256,
    "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "rms_norm_eps": 1e-6,
    "rope_theta": 10000})";
constexpr const char* kMixture = R"({"model_type": "deepseek_v3", "vocab_size": 300,
    "hidden_size": 256, "intermediate_size": 512, "moe_intermediate_size": 256,
    "num_hidden_layers": 2, "num_attention_heads": 4, "n_shared_experts": 1, "n_routed_experts": 8,
    "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1, "topk_method": "noaux_tc",
    "scoring_func": "sigmoid", "norm_topk_prob": true, "routed_scaling_factor": 2.5,
    "first_k_dense_replace": 1, "q_lora_rank": 128, "kv_lora_rank": 128, "qk_nope_head_dim": 64,
    "qk_rope_head_dim": 32, "v_head_dim": 64, "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6, "rope_theta": 10000})";

struct Case {
  const char* model;
  const char* type;
  ops::CacheType cache;
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  constexpr const char* kCaches[] = {"f32", "f16", "q8_0"};
  return std::string(info.param.model == kDense ? "dense" : "mixture") + "_" + info.param.type +
         "_cache_" + kCaches[static_cast<std::size_t>(info.param.cache)];
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(),
                     static_cast<std::size_t>(a.view().size()) * sizeof(float)) == 0;
}

class Exact : public ::testing::TestWithParam<Case> {
 protected:
  Exact() {
    const ModelConfig config = parse_hf_config(parse_json(GetParam().model, "config"), "config");
    const bool fp8 = std::string_view(GetParam().type) == "fp8";
    path_ = folder_.path() / "model.gguf";
    write_random_gguf(config, storage_type_named(fp8 ? "f32" : GetParam().type), path_);
    if (fp8) write_fp8_folder();
    Rng rng(5);
    for (int i = 0; i < 330; ++i) tokens_.push_back(static_cast<std::int32_t>(rng.below(300)));
  }

  void write_fp8_folder() {
    const ModelFiles files = load_model(path_);
    path_ = folder_.path();
    formats::write_safetensors(path_ / "model.safetensors",
                               hf_tensors(files, storage_type_named("fp8")), {{"format", "pt"}});
    Json config = hf_config(files.config, "bfloat16");
    config["quantization_config"] = {{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}};
    std::ofstream(path_ / "config.json") << config;
  }

  Transformer load(ThreadPool& threads) const {
    Transformer model(load_model(path_), {threads, best_isa()}, {.cache_type = GetParam().cache});
    model.pack();
    return model;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_;
  std::vector<std::int32_t> tokens_;
};

TEST_P(Exact, WhateverTheChunksAndThreads) {
  ThreadPool one(1);
  Transformer first = load(one);
  const Tensor whole = run_at_once(first, tokens_);
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    Transformer model = load(pool);
    for (const std::int64_t chunk : {1, 7, 64, 300}) {
      const Tensor got = run_in_chunks(model, tokens_, std::span(&chunk, 1));
      EXPECT_TRUE(same_bits(got, whole)) << threads << " threads, chunks of " << chunk;
    }
  }
}

TEST_P(Exact, WhateverTheCompany) {
  ThreadPool pool(2);
  Transformer model = load(pool);
  for (const std::size_t count : {1, 2, 3, 4, 5, 6, 8, 11, 16}) {
    std::vector<std::vector<std::int32_t>> sequences;
    for (std::size_t i = 0; i < count; ++i) {
      const auto tokens = std::span(tokens_).subspan(7 * i, 12 + 5 * i);
      sequences.emplace_back(tokens.begin(), tokens.end());
    }
    // At most one row each is decoding, and more is a mixture of decoding and reading prompts.
    for (const std::uint64_t most : {1, 9}) {
      const std::vector<Tensor> together = run_packed(model, sequences, count, most);
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_TRUE(same_bits(together[i], run_at_once(model, sequences[i])))
            << "sequence " << i << " of " << count << ", up to " << most << " rows a step";
      }
    }
  }
}

using enum ops::CacheType;
INSTANTIATE_TEST_SUITE_P(Models, Exact,
                         ::testing::Values(Case{kDense, "f32", f32}, Case{kDense, "bf16", f16},
                                           Case{kDense, "fp8", f32}, Case{kDense, "q8_0", f16},
                                           Case{kDense, "q8_0", q8_0}, Case{kDense, "q4_k", f16},
                                           Case{kDense, "q4_k_m", q8_0}, Case{kMixture, "f32", f32},
                                           Case{kMixture, "bf16", q8_0}, Case{kMixture, "fp8", f16},
                                           Case{kMixture, "q8_0", f16}, Case{kMixture, "q4_k", f32},
                                           Case{kMixture, "q4_k_m", q8_0}),
                         name_of);

}  // namespace
}  // namespace frugal::models

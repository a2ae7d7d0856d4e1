#include "models/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/output_file.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "models/transformer.h"
#include "models/write_config.h"
#include "support/data.h"

namespace frugal::models {
namespace {

using ::frugal::testing::golden;
using ::frugal::testing::TemporaryFolder;
using ::testing::HasSubstr;

// Logits [T, vocab] of tokens 1, 2, 3 ... by plain arithmetic.
Tensor logits_of(const std::filesystem::path& model) {
  ThreadPool pool(2);
  Transformer transformer(load_model(model), {pool, Isa::reference});
  std::vector<std::int32_t> tokens;
  std::vector<std::int64_t> rows;
  for (std::int32_t t = 0; t < 90; ++t) {
    tokens.push_back(1 + t * 7 % 80);
    rows.push_back(t);
  }
  const ops::SequenceLayout layout{{{0, 90, 0, {}}}, 90};
  Tensor logits(90, transformer.vocab_size());
  transformer.forward(tokens, layout, nullptr, rows, logits.view());
  return logits;
}

double difference(const Tensor& a, const Tensor& b) {
  double squares = 0;
  double norm = 0;
  for (std::int64_t i = 0; i < a.rows() * a.cols(); ++i) {
    const double d = static_cast<double>(a.data()[i]) - b.data()[i];
    squares += d * d;
    norm += static_cast<double>(a.data()[i]) * a.data()[i];
  }
  return std::sqrt(squares / norm);
}

void write_gguf_file(const ModelFiles& files, const char* type, const std::filesystem::path& path) {
  formats::GgufMetadataBuilder metadata;
  set_gguf_config(files.config, metadata);
  formats::write_gguf(path, metadata, gguf_tensors(files, storage_type_named(type)));
}

void write_hf_folder(const ModelFiles& files, const char* type,
                     const std::filesystem::path& folder) {
  std::filesystem::create_directory(folder);
  ModelConfig config = files.config;
  config.rope = with_llama3_divisors(config.rope, files.rope_divisors, "test");
  OutputFile file(folder / "config.json");
  file.write(hf_config(config, "float32").dump());
  file.commit();
  formats::write_safetensors(folder / "model.safetensors",
                             hf_tensors(files, storage_type_named(type)));
}

// Every golden model that llama.cpp has keys for, as GGUF and back: nothing may be lost on the way.
class RoundTrip : public ::testing::TestWithParam<const char*> {};

TEST_P(RoundTrip, ThroughGgufAndBackKeepsEveryLogit) {
  const std::filesystem::path source = golden(std::string("models/") + GetParam());
  const TemporaryFolder folder;
  const Tensor wanted = logits_of(source);
  write_gguf_file(load_model(source), "f32", folder.path() / "model.gguf");
  EXPECT_LT(difference(wanted, logits_of(folder.path() / "model.gguf")), 1e-6);
  const ModelFiles gguf = load_model(folder.path() / "model.gguf");
  if (!gguf.rope_divisors.empty()) {  // the tiny models do not have Llama 3's published numbers
    EXPECT_THROW(with_llama3_divisors(gguf.config.rope, gguf.rope_divisors, "test"), Error);
    return;
  }
  write_hf_folder(gguf, "f32", folder.path() / "hf");
  EXPECT_LT(difference(wanted, logits_of(folder.path() / "hf")), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Golden, RoundTrip,
                         ::testing::Values("llama", "llama3_tied", "llama3_untied", "qwen2",
                                           "qwen3", "qwen3_moe", "deepseek_v2_lite", "deepseek_v3",
                                           "deepseek_v3_plain", "deepseek_v3_mtp"));

TEST(Convert, QuantisedModelsStayClose) {
  const std::filesystem::path source = golden("models/llama");
  const ModelFiles files = load_model(source);
  const Tensor wanted = logits_of(source);
  const TemporaryFolder folder;
  for (const auto& [type, least, most] :
       {std::tuple{"f16", 0.0, 2e-3}, std::tuple{"bf16", 0.0, 2e-2}, std::tuple{"q8_0", 1e-4, 3e-2},
        std::tuple{"q4_0", 1e-2, 0.5}}) {
    const std::filesystem::path path = folder.path() / (std::string(type) + ".gguf");
    write_gguf_file(files, type, path);
    const double error = difference(wanted, logits_of(path));
    EXPECT_GE(error, least) << type;
    EXPECT_LE(error, most) << type;
  }
}

TEST(Convert, Fp8BringsItsScales) {
  const std::filesystem::path source = golden("models/deepseek_v3_plain");
  const TemporaryFolder folder;
  write_hf_folder(load_model(source), "fp8", folder.path() / "fp8");
  const ModelFiles files = load_model(folder.path() / "fp8");
  EXPECT_EQ(files.checkpoint->get("model.layers.0.self_attn.o_proj.weight").dtype, DType::f8_e4m3);
  EXPECT_EQ(files.checkpoint->get("model.embed_tokens.weight").dtype, DType::bf16);
  const double error = difference(logits_of(source), logits_of(folder.path() / "fp8"));
  EXPECT_GT(error, 1e-3);
  EXPECT_LT(error, 0.3);
}

TEST(Convert, FallsBackWhereRowsDoNotDivide) {
  const ModelConfig config = read_config(formats::open_checkpoint(golden("models/llama")));
  const StorageType& mix = storage_type_named("q4_k_m");
  EXPECT_EQ(stored_dtype(mix, config,
                         {"model.layers.0.mlp.up_proj.weight", ParameterKind::matrix, 8, 512}),
            DType::q4_k);
  EXPECT_EQ(stored_dtype(mix, config, {"lm_head.weight", ParameterKind::matrix, 8, 512}),
            DType::q6_k);
  EXPECT_EQ(stored_dtype(mix, config,
                         {"model.layers.0.mlp.up_proj.weight", ParameterKind::matrix, 8, 576}),
            DType::q5_0);
  EXPECT_EQ(stored_dtype(mix, config, {"lm_head.weight", ParameterKind::matrix, 8, 576}),
            DType::q8_0);
  EXPECT_EQ(stored_dtype(mix, config,
                         {"model.layers.0.mlp.up_proj.weight", ParameterKind::matrix, 8, 40}),
            DType::f16);
  EXPECT_EQ(stored_dtype(mix, config, {"model.norm.weight", ParameterKind::vector, 1, 512}),
            DType::f32);
  EXPECT_EQ(
      stored_dtype(mix, config, {"model.layers.0.mlp.gate.weight", ParameterKind::matrix, 8, 512}),
      DType::f32);
}

TEST(Convert, RefusesWhatTheTargetCannotHold) {
  const ModelFiles files = load_model(golden("models/llama"));
  EXPECT_THROW(gguf_tensors(files, storage_type_named("fp8")), Error);
  EXPECT_THROW(hf_tensors(files, storage_type_named("q8_0")), Error);
  EXPECT_THROW(storage_type_named("q3"), Error);
  formats::GgufMetadataBuilder metadata;
  EXPECT_THROW(set_gguf_config(load_model(golden("models/deepseek_v2")).config, metadata), Error);
  EXPECT_THROW(set_gguf_config(load_model(golden("models/qwen3_moe_mixed")).config, metadata),
               Error);
}

// The published scaling of Llama 3.1 survives GGUF, which only keeps its divisors.
TEST(Convert, Llama3ScalingIsRecognised) {
  RopeConfig rope;
  rope.theta = 500000;
  rope.dim = 128;
  rope.scaling = RopeScaling::llama3;
  rope.factor = 8;
  rope.original_max_position_embeddings = 8192;
  RopeConfig plain = rope;
  plain.scaling = RopeScaling::none;
  const RopeConfig back = with_llama3_divisors(plain, llama3_divisors(rope), "test");
  EXPECT_EQ(back.scaling, RopeScaling::llama3);
  EXPECT_FLOAT_EQ(static_cast<float>(back.factor), 8.0F);
}

}  // namespace
}  // namespace frugal::models

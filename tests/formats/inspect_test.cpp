#include "formats/inspect.h"

#include <gtest/gtest.h>

#include "formats/safetensors.h"
#include "support/data.h"

namespace frugal::formats {
namespace {

TEST(Inspect, CountsTheRealSmolLM2) {
  const auto path = testing::fetched("smollm2.gguf");
  if (!path) GTEST_SKIP() << "build-data/smollm2.gguf was not fetched";
  const Json json = inspect(open_checkpoint(*path));
  // Counted with Python's gguf.
  EXPECT_EQ(json["parameters"], 134515008);
  EXPECT_EQ(json["bytes"], 96576768);
  EXPECT_EQ(json["dtypes"]["Q4_1"]["parameters"], 106168320);
  EXPECT_EQ(json["dtypes"]["Q8_0"]["bytes"], 30081024);
  EXPECT_EQ(json["tensors"].size(), 272U);
  EXPECT_EQ(json["architecture"], "llama");
}

TEST(Inspect, ShowsMetadataOfEveryType) {
  const Json json = inspect(open_checkpoint(testing::golden("formats/python.gguf")));
  EXPECT_EQ(json["metadata"]["u64"], UINT64_MAX);
  EXPECT_EQ(json["metadata"]["i64"], INT64_MIN);
  EXPECT_EQ(json["metadata"]["f64"], 0.1);
  EXPECT_EQ(json["metadata"]["bool"], true);
  EXPECT_EQ(json["metadata"]["string"], "h\u00e9llo \u4e16\u754c");
  EXPECT_EQ(json["metadata"]["strings"].dump(), R"({"array":"string","count":3})");
}

// An FP8 weight with its scales, and a norm.
TEST(Inspect, PrintsTables) {
  const testing::TemporaryFolder folder;
  testing::write_file(folder.path() / "config.json", R"({"model_type":"deepseek_v3"})");
  static const std::vector<std::byte> zeros(2000000);
  const auto source = [](const char* name, DType dtype, std::vector<std::int64_t> shape) {
    const auto bytes = static_cast<std::size_t>(tensor_bytes(dtype, shape, name));
    return TensorSource{name, dtype, std::move(shape),
                        [bytes] { return std::span<const std::byte>(zeros).first(bytes); }};
  };
  write_safetensors(folder.path() / "model.safetensors",
                    {source("w.weight", DType::f8_e4m3, {1000, 2000}),
                     source("w.weight_scale_inv", DType::f32, {8, 16}),
                     source("norm.weight", DType::f32, {2000})});
  Json json = inspect(open_checkpoint(folder.path()));
  EXPECT_EQ(json["config"]["model_type"], "deepseek_v3");
  json["path"] = "tiny";
  EXPECT_EQ(inspect_text(json), R"(tiny
format        safetensors
architecture  deepseek_v3
parameters    2,002,000
size          2.0 MB in 1 file

dtype     tensors         parameters     size
F32             2              2,000   8.5 kB
F8_E4M3         1          2,000,000   2.0 MB

tensor              dtype    shape
norm.weight         F32      [2000]
w.weight            F8_E4M3  [1000, 2000]
w.weight_scale_inv  F32      [8, 16]
)");
}

TEST(Inspect, KeepsHostileNamesFromTheTerminal) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "a.gguf";
  GgufMetadataBuilder metadata;
  metadata.set_string("\xff", "two\nlines\xfe");
  write_gguf(path, metadata, std::vector<TensorSource>{{"\x1b[2J", DType::i8, {0}, [] {
                                                          return std::span<const std::byte>();
                                                        }}});
  const Json json = inspect(open_checkpoint(path));
  EXPECT_EQ(json["metadata"].dump(), "{\"\ufffd\":\"two\\nlines\ufffd\"}");
  EXPECT_EQ(json["tensors"][0]["name"], "\x1b[2J");
  EXPECT_TRUE(json["architecture"].is_null());
  const std::string text = inspect_text(json);
  EXPECT_NE(text.find("\\x1b[2J"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace frugal::formats

#include "formats/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/data.h"

namespace frugal::formats {
namespace {

using ::testing::ElementsAre;

TEST(Checkpoint, OpensTheRealSmolLM2) {
  const auto path = testing::fetched("smollm2.gguf");
  if (!path) GTEST_SKIP() << "build-data/smollm2.gguf was not fetched";
  const Checkpoint checkpoint = open_checkpoint(*path);
  EXPECT_EQ(checkpoint.tensors().size(), 272U);
  EXPECT_EQ(checkpoint.metadata().get_string("general.architecture"), "llama");
  EXPECT_EQ(checkpoint.metadata().get_u32("llama.block_count"), 30U);
  EXPECT_EQ(checkpoint.metadata().get_strings("tokenizer.ggml.tokens").size(), 49152U);
  const StoredTensor& embedding = checkpoint.get("token_embd.weight");
  EXPECT_THAT(embedding.shape, ElementsAre(49152, 576));
  EXPECT_EQ(embedding.elements(), 49152 * 576);
  EXPECT_EQ(checkpoint.find("no such tensor"), nullptr);
  checkpoint.release(embedding);
}

}  // namespace
}  // namespace frugal::formats

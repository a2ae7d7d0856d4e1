#include "train/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/data.h"

namespace frugal::train {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSmall = R"(
[model]
model_type = "llama"
hidden_size = 8
[data]
path = "text.txt"
[train]
steps = 10
lr = 1e-3
)";

class RecipeTest : public ::testing::Test {
 protected:
  Recipe read(const std::string& text, const std::vector<std::string>& set = {}) {
    frugal::testing::write_file(folder_.path() / "r.toml", text);
    return read_recipe(folder_.path() / "r.toml", set);
  }
  std::string error(const std::string& text, const std::vector<std::string>& set = {}) {
    try {
      read(text, set);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  }
  frugal::testing::TemporaryFolder folder_;
};

TEST_F(RecipeTest, ReadsValuesAndOverrides) {
  const Recipe r = read(kSmall, {"train.lr=0.5", "data.path=a b.txt", "train.recompute=true",
                                 "model.hidden_size=16", "train.moments=bf16"});
  EXPECT_EQ(r.schedule.steps, 10);
  EXPECT_EQ(r.schedule.lr, 0.5);
  EXPECT_EQ(r.data.path, "a b.txt");
  EXPECT_TRUE(r.recompute);
  EXPECT_TRUE(r.adamw.bf16_moments);
  EXPECT_EQ(r.model.at("hidden_size"), 16);
  EXPECT_EQ(r.model.at("model_type"), "llama");
}

TEST_F(RecipeTest, UnknownNamesSuggestTheNearest) {
  EXPECT_THAT(
      error(std::string(kSmall) + "warmup_step = 3\n"),
      HasSubstr("line 10: unknown key train.warmup_step; did you mean train.warmup_steps?"));
  EXPECT_THAT(error(std::string(kSmall) + "[dta]\n"), HasSubstr("did you mean data?"));
  EXPECT_THAT(error(kSmall, {"run.kep=3"}), HasSubstr("run.keep"));
}

TEST_F(RecipeTest, BadValuesNameTheirPlace) {
  EXPECT_THAT(error(std::string(kSmall) + "beta2 = 1.5\n"),
              HasSubstr("line 10: train.beta2 is 1.5"));
  EXPECT_THAT(error(std::string(kSmall) + "batch_sequences = 1.5\n"), HasSubstr("not an integer"));
  EXPECT_THAT(error(std::string(kSmall) + "recompute = 1\n"), HasSubstr("neither true nor false"));
  EXPECT_THAT(error(kSmall, {"train.moments=f16"}), HasSubstr("known are f32, bf16"));
  EXPECT_THAT(error("[model\n"), HasSubstr("line 1"));
  EXPECT_THAT(error(kSmall, {"lr=1"}), HasSubstr("SECTION.KEY=VALUE"));
}

TEST_F(RecipeTest, AFolderIsNoRecipe) {
  const frugal::testing::TemporaryFolder folder;
  try {
    read_recipe(folder.path(), {});
    FAIL() << "a folder was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("is a folder, expected a recipe"));
  }
}

TEST_F(RecipeTest, ARunNeedsAnEndDataAndAModel) {
  EXPECT_THAT(error(kSmall, {"train.steps=0"}), HasSubstr("the run has no end"));
  EXPECT_THAT(error("[model]\na = 1\n[train]\nsteps = 1\n"), HasSubstr("data.path is missing"));
  EXPECT_THAT(error("[data]\npath = \"x\"\n[train]\nsteps = 1\n"), HasSubstr("what to train"));
}

}  // namespace
}  // namespace frugal::train

#include "net/pull.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "net/catalog.h"
#include "net/local_server.h"
#include "support/data.h"

namespace frugal::net {
namespace {

namespace fs = std::filesystem;
using frugal::testing::write_file;
using ::testing::HasSubstr;

class PullTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!server_.fault().empty()) GTEST_SKIP() << server_.fault();
    ASSERT_EQ(::setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1), 0);
    add("owner/tiny", "config.json", "{}");
    add("owner/tiny", "tokenizer.json", "{\"a\": 1}");
    add("owner/tiny", "README.md", "not needed");
    add("owner/tiny", "original/consolidated.00.safetensors", "not needed");
    add("owner/tiny", "model.safetensors.index.json", "{}");
    add("owner/tiny", "model-00001-of-00002.safetensors", std::string(5000, 'a'));
    add("owner/tiny", "model-00002-of-00002.safetensors", std::string(6000, 'b'));
    for (const char* part : {"q/x-00001-of-00002.gguf", "q/x-00002-of-00002.gguf", "y.gguf"}) {
      add("owner/gguf", part, part);
    }
  }
  void TearDown() override { ::unsetenv("XDG_CACHE_HOME"); }

  void add(const std::string& repository, const std::string& path, const std::string& text) const {
    const fs::path to = folder_.path() / repository / path;
    fs::create_directories(to.parent_path());
    write_file(to, text);
  }

  PullPlan plan(const std::string& name) const {
    const ModelName parsed = parse_model_name(name);
    return plan_pull(parsed, hub().list(parsed.repository, "main", {}));
  }

  Hub hub() const { return {server_.origin(), "sesame"}; }

  frugal::testing::TemporaryFolder folder_;
  LocalServer server_{folder_.path()};
};

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), folder).string());
  }
  return names;
}

TEST_F(PullTest, FetchesWhatAModelNeeds) {
  const PullPlan wanted = plan("owner/tiny");
  EXPECT_EQ(wanted.bytes, 11'012U);
  std::uint64_t last = 0;
  pull(hub(), wanted, {.progress = [&](std::uint64_t done, std::uint64_t) { last = done; }});
  EXPECT_EQ(last, wanted.bytes);
  EXPECT_EQ(wanted.destination, folder_.path() / "cache/frugal/models/owner/tiny");
  EXPECT_EQ(files_below(folder_.path() / "cache"),
            (std::set<std::string>{"frugal/models/owner/tiny/config.json",
                                   "frugal/models/owner/tiny/tokenizer.json",
                                   "frugal/models/owner/tiny/model.safetensors.index.json",
                                   "frugal/models/owner/tiny/model-00001-of-00002.safetensors",
                                   "frugal/models/owner/tiny/model-00002-of-00002.safetensors"}));
  for (const Json& request : server_.log()) {  // the content network never sees the token
    EXPECT_EQ(request["authorization"].is_null(), request["host"] == "localhost");
  }
}

TEST_F(PullTest, AnInterruptedPullIsNotVisibleAndIsContinued) {
  const PullPlan wanted = plan("owner/tiny");
  bool stop = false;
  PullOptions options;
  options.progress = [&](std::uint64_t done, std::uint64_t) { stop = done >= 5000; };
  options.stopped = [&] { return stop; };
  EXPECT_THROW(pull(hub(), wanted, options), Interrupted);
  EXPECT_FALSE(fs::exists(wanted.destination));
  EXPECT_EQ(interrupted_commit(wanted.name), wanted.repository.commit);
  std::uint64_t from = 0;
  pull(hub(), wanted, {.progress = [&](std::uint64_t, std::uint64_t resumed) { from = resumed; }});
  EXPECT_GE(from, 5000U);
  EXPECT_TRUE(fs::exists(wanted.destination / "config.json"));
  EXPECT_EQ(interrupted_commit(wanted.name), "");
}

TEST_F(PullTest, FetchesAllPartsOfASplitGguf) {
  const PullPlan wanted = plan("owner/gguf/q/x-00002-of-00002.gguf");
  pull(hub(), wanted, {});
  EXPECT_EQ(wanted.destination,
            folder_.path() / "cache/frugal/gguf/owner/gguf/q/x-00001-of-00002.gguf");
  EXPECT_EQ(files_below(folder_.path() / "cache"),
            (std::set<std::string>{"frugal/gguf/owner/gguf/q/x-00001-of-00002.gguf",
                                   "frugal/gguf/owner/gguf/q/x-00002-of-00002.gguf"}));
}

TEST_F(PullTest, NamesTheFilesToChooseFrom) {
  try {
    plan("owner/gguf");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("y.gguf"));
    EXPECT_THAT(error.what(), HasSubstr("frugal pull owner/gguf/q/x-00001-of-00002.gguf"));
  }
}

TEST_F(PullTest, ChecksTheDiskFirst) {
  write_file(folder_.path() / "owner" / "tiny.siblings.json",
             R"([{"rfilename": "model-00003.safetensors", "size": 9000000000000000000}])");
  try {
    pull(hub(), plan("owner/tiny"), {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("free some space"));
  }
  EXPECT_EQ(server_.log().size(), 1U);
}

TEST(ModelName, KnownNamesRepositoriesAndGgufFiles) {
  EXPECT_EQ(parse_model_name("SmolLM2-135M").repository, "HuggingFaceTB/SmolLM2-135M-Instruct");
  EXPECT_EQ(parse_model_name("DeepSeek-R1").repository, "deepseek-ai/DeepSeek-R1");
  EXPECT_EQ(parse_model_name("a/b").repository, "a/b");
  EXPECT_EQ(parse_model_name("a/b/c/d.gguf").gguf, "c/d.gguf");
  EXPECT_EQ(parse_model_name("a/b/../d.gguf").repository, "");
  EXPECT_EQ(parse_model_name("a/b/c").repository, "");
  EXPECT_EQ(parse_model_name("nothing-known").repository, "");
}

TEST(Catalog, IsWellFormed) {
  std::set<std::string_view> names;
  for (const KnownModel& model : known_models()) {
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_TRUE(is_repository_id(model.repository)) << model.name;
    // BF16 takes two bytes a parameter, DeepSeek's FP8 with its BF16 parts a little over one.
    const double bytes = model.gigabytes / model.parameters;
    EXPECT_TRUE((bytes > 1.98 && bytes < 2.02) || (bytes > 1 && bytes < 1.01)) << model.name;
  }
  EXPECT_NE(find_known_model(kSmallModel), nullptr);
}

}  // namespace
}  // namespace frugal::net

#include "formats/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "formats/file_text.h"
#include "formats/safetensors.h"
#include "support/data.h"

namespace frugal::formats {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::write_file;

std::vector<std::string> names(const Checkpoint& checkpoint) {
  std::vector<std::string> result;
  for (const StoredTensor& tensor : checkpoint.tensors()) result.push_back(tensor.name);
  return result;
}

std::string message_for(const fs::path& path) {
  return testing::message_of([&] { open_checkpoint(path); });
}

// A file with a one-byte tensor of each name.
void write_shard(const fs::path& path, const std::vector<std::string>& tensors) {
  std::vector<TensorSource> sources;
  for (const std::string& name : tensors) {
    sources.push_back({name, DType::u8, {1}, [] { return bytes_of("x"); }});
  }
  write_safetensors(path, std::move(sources));
}

// A folder with two shards and their index.
class Sharded : public ::testing::Test {
 protected:
  Sharded() {
    write_file(path() / "config.json", R"({"model_type":"test"})");
    write_shard(path() / "one.safetensors", {"b", "c"});
    write_shard(path() / "two.safetensors", {"a", "d"});
    write_index(R"({"a":"two.safetensors","b":"one.safetensors","d":"two.safetensors"})");
  }
  void write_index(std::string_view map) {
    write_file(path() / "model.safetensors.index.json", fmt::format(R"({{"weight_map":{}}})", map));
  }
  const fs::path& path() const { return folder_.path(); }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(Sharded, HoldsTheTensorsOfAllShards) {
  write_file(path() / "generation_config.json", R"({"temperature":0.6})");
  Checkpoint opened = open_checkpoint(path());
  const StoredTensor* before = opened.find("d");
  const Checkpoint checkpoint = std::move(opened);
  EXPECT_EQ(checkpoint.find("d"), before) << "moving must not move the tensors";
  EXPECT_FALSE(checkpoint.is_gguf());
  EXPECT_THAT(names(checkpoint), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(checkpoint.get("d").file, path() / "two.safetensors");
  EXPECT_EQ(checkpoint.config().at("model_type"), "test");
  EXPECT_EQ(checkpoint.generation_config().at("temperature"), 0.6);
  EXPECT_TRUE(checkpoint.tokenizer_config().empty());
  EXPECT_EQ(checkpoint.tokenizer_json(), path() / "tokenizer.json");
  EXPECT_THAT(testing::message_of([&] { checkpoint.metadata(); }), HasSubstr("no GGUF metadata"));
  EXPECT_EQ(testing::message_of([&] { checkpoint.get("e"); }), path().string() + ": no tensor e");
}

TEST_F(Sharded, OpensShardsWithoutAnIndex) {
  fs::remove(path() / "model.safetensors.index.json");
  EXPECT_THAT(names(open_checkpoint(path())), ElementsAre("a", "b", "c", "d"));
  write_shard(path() / "two.safetensors", {"a", "b"});
  EXPECT_THAT(message_for(path()), HasSubstr("tensor b is both in"));
}

TEST_F(Sharded, PrefersTheSingleFile) {
  write_shard(path() / "model.safetensors", {"w"});
  EXPECT_THAT(names(open_checkpoint(path())), ElementsAre("w"));
}

TEST_F(Sharded, RefusesALyingIndex) {
  const auto expect = [&](std::string_view map, const char* reason) {
    write_index(map);
    EXPECT_THAT(message_for(path()), HasSubstr(reason));
  };
  expect(R"({"a":"three.safetensors"})", "names three.safetensors, which is not there");
  expect(R"({"a":"one.safetensors"})", "tensor a is not in one.safetensors");
  expect(R"({"a":"one.safetensors","d":"two.safetensors"})", "a is not in one.safetensors");
  expect(R"({"e":"one.safetensors"})", "tensor e is not in one.safetensors");
  expect(R"({"a":"two.safetensors","a":"one.safetensors"})", "tensor a is there twice");
  for (const char* outside : {"../x/two.safetensors", "/etc/passwd", "..", ".", "",
                              "a/../two.safetensors", "a\\u0000b"}) {
    expect(fmt::format(R"({{"a":"{}"}})", outside), "is not the name of a file in the same folder");
  }
  expect(R"({"a":7})", "the file is no string");
  expect("[]", "no object \"weight_map\"");
  expect("{", "not valid JSON");
  fs::resize_file(path() / "model.safetensors.index.json", 100000001);
  EXPECT_THAT(message_for(path()), HasSubstr("expected at most 100000000"));
  write_file(path() / "model.safetensors.index.json", "");
  EXPECT_THAT(message_for(path()), HasSubstr("not valid JSON"));
}

TEST_F(Sharded, RefusesBadSettings) {
  for (const char* name : {"config.json", "tokenizer_config.json", "generation_config.json"}) {
    const testing::TemporaryFolder empty;
    write_shard(empty.path() / "model.safetensors", {"w"});
    write_file(empty.path() / "config.json", "{}");
    write_file(empty.path() / name, "[]");
    EXPECT_EQ(message_for(empty.path()), (empty.path() / name).string() + ": not a JSON object");
    write_file(empty.path() / name, "{");
    EXPECT_THAT(message_for(empty.path()), HasSubstr("not valid JSON"));
  }
}

// Pages of files that are in this process's memory.
std::int64_t resident_file_pages() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  std::int64_t shared = 0;
  statm >> size >> resident >> shared;
  return shared;
}

TEST(Checkpoint, GivesPagesBack) {
  const testing::TemporaryFolder folder;
  write_file(folder.path() / "config.json", "{}");
  const std::vector<std::byte> zeros(8 << 20);
  write_safetensors(folder.path() / "model.safetensors",
                    {{"w", DType::u8, {8 << 20}, [&] { return std::span(zeros); }}});
  const Checkpoint checkpoint = open_checkpoint(folder.path());
  const StoredTensor& tensor = checkpoint.get("w");
  const std::int64_t before = resident_file_pages();
  EXPECT_EQ(std::ranges::count(tensor.data, std::byte{0}), 8 << 20);
  const std::int64_t read = resident_file_pages();
  EXPECT_GE(read - before, 2000) << "of 2048 pages";
  checkpoint.release(tensor.data);
  EXPECT_LE(resident_file_pages() - before, 40);
  EXPECT_EQ(tensor.data.back(), std::byte{0}) << "released pages have to come back when read";
}

TEST(OpenCheckpoint, SaysWhatIsMissing) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(message_for(folder.path() / "nothing"), HasSubstr("No such file"));
  EXPECT_THAT(message_for(folder.path()), HasSubstr("no config.json"));
  write_file(folder.path() / "x.gguf", "");
  EXPECT_THAT(message_for(folder.path()), HasSubstr("to use the GGUF file in it, name"));
  EXPECT_THAT(message_for(folder.path() / "x.gguf"), HasSubstr("ends inside the magic number"));
  write_file(folder.path() / "config.json", "{}");
  EXPECT_THAT(message_for(folder.path()), HasSubstr("no model.safetensors"));
  EXPECT_THAT(message_for(folder.path() / "config.json"), HasSubstr("neither a model's folder"));
}

TEST(OpenCheckpoint, RefusesLinksInACircle) {
  const testing::TemporaryFolder folder;
  const auto circle = [&](const char* name) {
    fs::remove(folder.path() / name);
    fs::create_symlink(folder.path() / name, folder.path() / name);
    return folder.path() / name;
  };
  EXPECT_THAT(message_for(circle("circle")), HasSubstr("Too many levels of symbolic links"));
  EXPECT_THAT(message_for(circle("circle.gguf")), HasSubstr("Too many levels"));
  fs::remove(folder.path() / "circle.gguf");
  write_file(folder.path() / "config.json", "{}");
  circle("a.safetensors");
  EXPECT_THAT(message_for(folder.path()), HasSubstr("Too many levels"));
  circle("config.json");
  EXPECT_THAT(message_for(folder.path()), HasSubstr("no config.json"));
}

class SplitGguf : public ::testing::Test {
 protected:
  SplitGguf() {
    for (const fs::path& part : {part_one(), part_two()}) {
      fs::copy_file(testing::golden("formats/" + part.filename().string()), part);
    }
  }
  fs::path part_one() const { return folder_.path() / "python-split-00001-of-00002.gguf"; }
  fs::path part_two() const { return folder_.path() / "python-split-00002-of-00002.gguf"; }
  const fs::path& path() const { return folder_.path(); }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(SplitGguf, AnyPartOpensAll) {
  for (const fs::path& part : {part_one(), part_two()}) {
    const Checkpoint checkpoint = open_checkpoint(part);
    EXPECT_THAT(names(checkpoint),
                ElementsAre("blocks", "cube.weight", "matrix.half", "matrix.weight"));
    EXPECT_EQ(checkpoint.path(), part_one());
    EXPECT_EQ(checkpoint.get("matrix.weight").file, part_one());
    EXPECT_EQ(checkpoint.get("cube.weight").file, part_two());
    EXPECT_EQ(checkpoint.metadata().get_string("general.architecture"), "test");
  }
}

TEST_F(SplitGguf, SaysWhichPartIsMissingOrWrong) {
  fs::copy_file(part_one(), path() / "renamed.gguf");
  EXPECT_THAT(message_for(path() / "renamed.gguf"), HasSubstr("names have to end in"));
  fs::copy_file(part_one(), path() / "-of-00002.gguf");
  EXPECT_THAT(message_for(path() / "-of-00002.gguf"), HasSubstr("names have to end in"));
  fs::copy_file(part_one(), path() / "x-0000a-of-00002.gguf");
  EXPECT_THAT(message_for(path() / "x-0000a-of-00002.gguf"), HasSubstr("names have to end in"));
  fs::copy_file(part_one(), part_two(), fs::copy_options::overwrite_existing);
  EXPECT_THAT(message_for(part_one()), HasSubstr("calls itself part 1 of 2, expected part 2 of 2"));
  fs::remove(part_two());
  EXPECT_THAT(message_for(part_one()), HasSubstr("its part 2 of 2"));
}

TEST_F(SplitGguf, CountsTheTensors) {
  GgufMetadataBuilder metadata;
  metadata.set_u32("split.no", 1);
  metadata.set_u32("split.count", 2);
  write_gguf(part_two(), metadata, {});
  EXPECT_THAT(message_for(part_one()),
              HasSubstr("split.tensors.count is 4, but the 2 parts hold 2"));
}

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
  EXPECT_THAT(testing::message_of([&] { checkpoint.config(); }), HasSubstr("has no config.json"));
}

}  // namespace
}  // namespace frugal::formats

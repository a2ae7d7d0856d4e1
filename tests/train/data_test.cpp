// From files to tokens: formats, the cache of shards, the split.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "base/error.h"
#include "support/data.h"
#include "train/data.h"
#include "train/shards.h"

namespace frugal::train {
namespace {

namespace fs = std::filesystem;
using frugal::testing::write_file;
using ::testing::HasSubstr;

// One gzip member.
std::string gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// One Zstandard frame.
std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// About three megabytes, so that every reader refills its buffers.
std::string long_text() {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += fmt::format("line {} é\n", i * 7919 % 100'003);
  return text;
}

class Data : public ::testing::Test {
 protected:
  fs::path file(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_.path() / name).parent_path());
    write_file(folder_.path() / name, bytes);
    return folder_.path() / name;
  }
  std::unique_ptr<TokenStream> open(const fs::path& path, const std::string& key = "text") const {
    return open_shards(path, key, bytes_, shards_key(path, key, bytes_), folder_.path() / "cache");
  }
  std::vector<std::int32_t> tokens(const fs::path& path, const std::string& key = "text") const {
    const auto stream = open(path, key);
    std::vector<std::int32_t> all(static_cast<std::size_t>(stream->size()));
    stream->read(0, all);
    return all;
  }
  // The tokens as characters, by the vocabulary itself.
  std::string text_of(const std::vector<std::int32_t>& ids) const {
    std::string text;
    for (const std::int32_t id : ids) {
      text += id == bytes_.end_token ? "\1" : std::string(bytes_.tokenizer.token_bytes(id));
    }
    return text;
  }
  std::string error_of(const fs::path& path, const std::string& key = "text") const {
    try {
      open(path, key);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  frugal::testing::TemporaryFolder folder_;
  RunTokenizer bytes_ = load_tokenizer("");
};

TEST_F(Data, EveryFormatGivesTheSameTokens) {
  const std::string text = long_text();
  const std::string half = text.substr(0, 1'234'567);
  const std::string rest = text.substr(half.size());
  const std::string document = text + "\1";
  EXPECT_TRUE(text_of(tokens(file("a.txt", text))) == document);
  EXPECT_TRUE(text_of(tokens(file("no suffix", text))) == document);
  EXPECT_TRUE(text_of(tokens(file("a.txt.gz", gzip(half) + gzip(rest)))) == document);
  EXPECT_TRUE(text_of(tokens(file("a.zst", zstd(half) + zstd(rest)))) == document);
  const std::string line = Json{{"id", 1}, {"text", text}}.dump();
  EXPECT_TRUE(text_of(tokens(file("a.jsonl", line))) == document);
  EXPECT_TRUE(text_of(tokens(file("a.jsonl.zst", zstd(line + "\n\n")))) == document);
}

TEST_F(Data, AFolderIsItsFilesInOrder) {
  file("d/b.jsonl", "{\"text\":\"b1\"}\n\n{\"text\":\"b2\"}");
  file("d/a/x.txt", "a");
  file("d/c.gz", gzip("c"));
  file("d/.hidden", "h");
  file("d/empty", "");
  EXPECT_EQ(text_of(tokens(folder_.path() / "d")), "a\1b1\1b2\1c\1");
  EXPECT_EQ(text_of(tokens(file("k.jsonl", "{\"body\":\"x\"}\n"), "body")), "x\1");
}

TEST_F(Data, TextIsTokenisedOnceAndAgainWhenItChanges) {
  const fs::path path = file("a.txt", "abc");
  const std::string key = shards_key(path, "text", bytes_);
  open(path);
  const fs::path shard = folder_.path() / "cache" / key / "00000.tokens";
  const auto written = fs::last_write_time(shard);
  EXPECT_EQ(tokens(path).size(), 4U);
  EXPECT_EQ(fs::last_write_time(shard), written);
  file("a.txt", "abd");
  EXPECT_NE(shards_key(path, "text", bytes_), key);
  EXPECT_EQ(text_of(tokens(path)), "abd\1");
}

TEST_F(Data, ShardsReadAsOne) {
  const fs::path path = file("a.txt", "abcdefghijklmnopqrstuvwxyz");
  const std::string key = shards_key(path, "text", bytes_);
  const auto stream = open_shards(path, "text", bytes_, key, folder_.path() / "cache", 4);
  EXPECT_TRUE(fs::exists(folder_.path() / "cache" / key / "00006.tokens"));
  std::vector<std::int32_t> part(11);
  stream->read(6, part);
  EXPECT_EQ(text_of(part), "ghijklmnopq");
  EXPECT_EQ(stream->size(), 27);
  EXPECT_THROW(stream->read(20, part), Error);
}

TEST_F(Data, LargeVocabulariesTakeFourBytes) {
  const auto path = frugal::testing::fetched("tokenizers/deepseek_v3");
  if (!path) GTEST_SKIP() << "build-data/tokenizers/deepseek_v3 was not fetched";
  const RunTokenizer large = load_tokenizer(*path);
  const fs::path data = file("a.txt", "DeepSeek trains frugally, 深度求索。\n");
  const std::string key = shards_key(data, "text", large);
  const auto stream = open_shards(data, "text", large, key, folder_.path() / "cache");
  std::vector<std::int32_t> ids(static_cast<std::size_t>(stream->size()));
  stream->read(0, ids);
  auto wanted = large.tokenizer.encode("DeepSeek trains frugally, 深度求索。\n", {false, false});
  wanted.push_back(large.end_token);
  EXPECT_EQ(ids, wanted);
  EXPECT_EQ(fs::file_size(folder_.path() / "cache" / key / "00000.tokens"), 4 * ids.size());
}

TEST_F(Data, ErrorsNameThePlace) {
  const std::string good = "{\"text\":\"x\"}\n";
  EXPECT_THAT(error_of(file("a.jsonl", good + "{\"text\":")), HasSubstr("a.jsonl line 2"));
  EXPECT_THAT(error_of(file("b.jsonl", good + "\n[]\n")), HasSubstr("b.jsonl line 3: no text"));
  EXPECT_THAT(error_of(file("b.jsonl", good), "body"), HasSubstr("under \"body\""));
  EXPECT_THAT(error_of(file("c.txt", std::string("ab\0c", 4))), HasSubstr("byte 2 is 0"));
  EXPECT_THAT(error_of(file("empty.txt", "")), HasSubstr("empty.txt holds no text"));
  EXPECT_THAT(error_of(folder_.path() / "none"), HasSubstr("none"));
  fs::create_directories(folder_.path() / "bare");
  EXPECT_THAT(error_of(folder_.path() / "bare"), HasSubstr("holds no file"));
  // Nothing half done stays behind.
  EXPECT_TRUE(fs::is_empty(folder_.path() / "cache"));
}

TEST_F(Data, DamagedCompressionIsSaid) {
  const std::string text = long_text();
  for (const auto& [name, packed] : {std::pair{"x.gz", gzip(text)}, {"x.zst", zstd(text)}}) {
    const std::string cut = packed.substr(0, packed.size() / 2);
    EXPECT_THAT(error_of(file(name, cut)), HasSubstr("in the middle")) << name;
    std::string broken = packed;
    broken[packed.size() / 2] ^= 0x55;
    broken[packed.size() / 2 + 1] ^= 0x55;
    EXPECT_THAT(error_of(file(name, broken)), HasSubstr("broken")) << name;
    EXPECT_THAT(error_of(file(name, "plain text")), HasSubstr("broken")) << name;
  }
}

TEST_F(Data, DamagedShardsAreSaid) {
  const fs::path path = file("a.txt", "abc");
  open(path);
  const fs::path shards = folder_.path() / "cache" / shards_key(path, "text", bytes_);
  fs::resize_file(shards / "00000.tokens", 6);
  EXPECT_THAT(error_of(path), HasSubstr("to tokenise again"));
  for (const char* bad :
       {"{}", R"({"format":9})", R"({"format":1,"token_bytes":2,"documents":1,"tokens":[-4]})",
        R"({"format":1,"token_bytes":3,"documents":1,"tokens":[4]})",
        R"({"format":1,"token_bytes":2,"documents":1,"tokens":"4"})"}) {
    write_file(shards / "index.json", bad);
    EXPECT_THAT(error_of(path), HasSubstr("index.json")) << bad;
  }
}

TEST_F(Data, ValidationIsTheLastShareFromTheStartOfADocument) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += fmt::format("{{\"text\":\"{:04}.{:04}\"}}\n", i, i);
  DataOptions options;
  options.path = file("a.jsonl", lines);
  options.validation_share = 0.203;
  options.sequence_length = 8;
  const RunData data = load_data(options, bytes_, folder_.path() / "cache");
  EXPECT_EQ(data.training_stream->size(), 80 * 10);
  EXPECT_EQ(data.validation_stream->size(), 20 * 10);
  std::vector<std::int32_t> first(9);
  data.validation_stream->read(0, first);
  EXPECT_EQ(text_of(first), "0080.0080");
  // One document is cut where it has to be.
  options.path = file("b.txt", std::string(999, 'x'));
  options.validation_share = 0.1;
  EXPECT_EQ(load_data(options, bytes_, folder_.path() / "cache").validation_stream->size(), 100);
  options.validation_path = file("v.txt", "validate with this");
  const RunData other = load_data(options, bytes_, folder_.path() / "cache");
  EXPECT_EQ(other.training_stream->size(), 1000);
  EXPECT_EQ(other.validation_stream->size(), 19);
  options.sequence_length = 2000;
  try {
    load_data(options, bytes_, folder_.path() / "cache");
    FAIL() << "windows longer than the text";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("b.txt: 1000 tokens are too few"));
  }
}

}  // namespace
}  // namespace frugal::train

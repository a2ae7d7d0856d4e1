// Tokenizers out of GGUF files: llama.cpp's own texts and ids, and files that lie.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "base/error.h"
#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "support/data.h"
#include "text/tokenizer.h"

namespace frugal::text {
namespace {

using formats::GgufMetadataBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

Tokenizer open_gguf(const fs::path& path) {
  const MappedFile file(path);
  return Tokenizer::from_gguf(formats::parse_gguf(file.bytes(), path).metadata);
}

// The texts of an .inp file, in the order of the lines of ids in its .out file.
std::vector<std::string> cut_texts(const std::string& all) {
  const std::string between = "\n__ggml_vocab_test__\n";
  std::vector<std::string> texts;
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t end = all.find(between, at);
    texts.push_back(all.substr(at, end - at));
    at = end == std::string::npos ? end : end + between.size();
  }
  return texts;
}

class LlamaCppTextsTest : public ::testing::TestWithParam<const char*> {};

TEST_P(LlamaCppTextsTest, GiveTheIdsInTheFile) {
  const std::string name = std::string("llama.cpp/ggml-vocab-") + GetParam() + ".gguf";
  const auto path = testing::fetched(name);
  if (!path) GTEST_SKIP() << "tools/fetch_test_data.sh has not fetched " << name;
  const Tokenizer tokenizer = open_gguf(*path);
  const std::vector<std::string> texts = cut_texts(read_file(path->string() + ".inp"));
  std::istringstream lines(read_file(path->string() + ".out"));
  std::string line;
  std::size_t compared = 0;
  for (; std::getline(lines, line); ++compared) {
    std::istringstream numbers(line);
    const std::vector<std::int32_t> expected{std::istream_iterator<std::int32_t>(numbers), {}};
    ASSERT_LT(compared, texts.size());
    EXPECT_EQ(tokenizer.encode(texts[compared], {false, false}), expected) << texts[compared];
  }
  EXPECT_GT(compared, 40U);
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, LlamaCppTextsTest,
                         ::testing::Values("deepseek-llm", "gpt-2", "llama-bpe", "llama-spm",
                                           "qwen2"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// A file with the given keys and nothing else.
Tokenizer made(const std::function<void(GgufMetadataBuilder&)>& set) {
  const testing::TemporaryFolder folder;
  GgufMetadataBuilder metadata;
  set(metadata);
  formats::write_gguf(folder.path() / "t.gguf", metadata, {});
  return open_gguf(folder.path() / "t.gguf");
}

void set_bytes_model(GgufMetadataBuilder& metadata) {
  metadata.set_string("tokenizer.ggml.model", "gpt2");
  metadata.set_string("tokenizer.ggml.pre", "llama-bpe");
  metadata.set_strings("tokenizer.ggml.tokens",
                       std::vector<std::string>{"a", "b", "ab", "<s>", "", "<u>"});
  metadata.set_ints("tokenizer.ggml.token_type", std::vector<std::int32_t>{1, 1, 1, 3, 5, 4});
  metadata.set_strings("tokenizer.ggml.merges", std::vector<std::string>{"a b"});
}

TEST(GgufTokenizerTest, TokenTypesTellMarkersFromText) {
  const Tokenizer tokenizer = made([](GgufMetadataBuilder& metadata) {
    set_bytes_model(metadata);
    metadata.set_u32("tokenizer.ggml.bos_token_id", 3);
    metadata.set_u32("tokenizer.ggml.eos_token_id", 5);
    metadata.set_u32("tokenizer.ggml.padding_token_id", 0);
    metadata.set_bool("tokenizer.ggml.add_eos_token", true);
  });
  // Where the file does not say, the pre-tokenizer's name says that a start is added.
  EXPECT_THAT(tokenizer.encode("ab<s>b<u>"), ElementsAre(3, 2, 3, 1, 5, 5));
  EXPECT_TRUE(tokenizer.is_special(3));
  EXPECT_FALSE(tokenizer.is_special(5));
  EXPECT_EQ(tokenizer.pad_id(), 0);
  EXPECT_EQ(tokenizer.vocab_size(), 6);
  EXPECT_EQ(tokenizer.token_text(4), "");
}

TEST(GgufTokenizerTest, BadFilesAreErrorsThatNameTheKey) {
  const auto with = [](const std::function<void(GgufMetadataBuilder&)>& set) {
    return [set] { made(set); };
  };
  const auto bytes = [](const std::string& pre) {
    return [pre](GgufMetadataBuilder& metadata) {
      metadata.set_string("tokenizer.ggml.model", "gpt2");
      metadata.set_string("tokenizer.ggml.pre", pre);
    };
  };
  const auto tokens = [&](std::vector<std::string> texts, std::vector<std::string> merges) {
    return [=](GgufMetadataBuilder& metadata) {
      bytes("gpt-2")(metadata);
      metadata.set_strings("tokenizer.ggml.tokens", texts);
      metadata.set_strings("tokenizer.ggml.merges", merges);
    };
  };
  EXPECT_THAT(with([](GgufMetadataBuilder&) {}),
              ThrowsMessage<Error>(HasSubstr("tokenizer.ggml.model")));
  EXPECT_THAT(with([](GgufMetadataBuilder& m) { m.set_string("tokenizer.ggml.model", "bert"); }),
              ThrowsMessage<Error>(HasSubstr("'bert'")));
  EXPECT_THAT(with(bytes("no-such")),
              ThrowsMessage<Error>(
                  AllOf(HasSubstr("tokenizer.ggml.pre is 'no-such'"), HasSubstr("deepseek-v3"))));
  EXPECT_THAT(with(bytes("gpt-2")), ThrowsMessage<Error>(HasSubstr("tokenizer.ggml.tokens")));
  EXPECT_THAT(with(tokens({"a", "a"}, {})), ThrowsMessage<Error>(HasSubstr("'a' stands twice")));
  EXPECT_THAT(with(tokens({"a", "\xff"}, {})), ThrowsMessage<Error>(HasSubstr("not UTF-8")));
  EXPECT_THAT(with(tokens({"a", "b"}, {"a b"})),
              ThrowsMessage<Error>(HasSubstr("'a b' is not a pair of tokens")));
  EXPECT_THAT(with([](GgufMetadataBuilder& metadata) {
                set_bytes_model(metadata);
                metadata.set_u32("tokenizer.ggml.bos_token_id", 6);
              }),
              ThrowsMessage<Error>(HasSubstr("tokenizer.ggml.bos_token_id is 6")));
  EXPECT_THAT(with([](GgufMetadataBuilder& metadata) {
                metadata.set_string("tokenizer.ggml.model", "llama");
                metadata.set_strings("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
                metadata.set_floats("tokenizer.ggml.scores", std::vector<float>{0});
              }),
              ThrowsMessage<Error>(HasSubstr("tokenizer.ggml.scores has 1 entries for 2")));
}

}  // namespace
}  // namespace frugal::text

#include "text/tokenizer.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/data.h"
#include "text/utf8.h"

namespace frugal::text {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Bytes a, b, c and the space, some merges, and two added tokens.
constexpr const char* kSmall = R"({
  "version": "1.0",
  "added_tokens": [
    {"id": 8, "content": "<s>", "special": true, "normalized": false},
    {"id": 9, "content": "<s>b", "special": false, "normalized": false}
  ],
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [8], "tokens": ["<s>"]}}},
  "decoder": {"type": "ByteLevel"},
  "model": {"type": "BPE",
    "vocab": {"a": 0, "b": 1, "c": 2, "Ġ": 3, "ab": 4, "Ġab": 5, "bc": 6, "abc": 7},
    "merges": ["b c", "a b", "Ġ ab", "a bc"]}
})";

TEST(TokenizerTest, MergesByRankWithinPiecesOfThePattern) {
  const Tokenizer tokenizer = Tokenizer::from_json(kSmall, "small");
  EXPECT_THAT(tokenizer.encode("abc ab a", {.add_special_tokens = false}), ElementsAre(7, 5, 3, 0));
  EXPECT_THAT(tokenizer.encode("ab"), ElementsAre(8, 4));
  EXPECT_EQ(tokenizer.vocab_size(), 10);
  EXPECT_EQ(tokenizer.token_text(5), "Ġab");
  EXPECT_EQ(tokenizer.token_bytes(5), " ab");
  EXPECT_EQ(tokenizer.id_of("<s>"), 8);
  EXPECT_EQ(tokenizer.id_of("x"), std::nullopt);
}

TEST(TokenizerTest, TheLongestAddedTokenWins) {
  const Tokenizer tokenizer = Tokenizer::from_json(kSmall, "small");
  EXPECT_THAT(tokenizer.encode("a<s>bc<s>", {.add_special_tokens = false}),
              ElementsAre(0, 9, 2, 8));
  EXPECT_TRUE(tokenizer.is_special(8));
  EXPECT_FALSE(tokenizer.is_special(9));
  const std::vector<std::int32_t> ids = {0, 9, 2, 8};
  EXPECT_EQ(tokenizer.decode(ids, false), "a<s>bc<s>");
  EXPECT_EQ(tokenizer.decode(ids, true), "a<s>bc");
}

// kSmall with the first `from` in it replaced.
std::string changed(std::string_view from, std::string_view to) {
  std::string text = kSmall;
  const std::size_t at = text.find(from);
  require(at != text.npos, "the file has no {}", from);
  return text.replace(at, from.size(), to);
}

TEST(TokenizerTest, SpecialTokensInUsersTextStayText) {
  const Tokenizer tokenizer = Tokenizer::from_json(kSmall, "small");
  // The vocabulary has no characters for <s>, so as text they vanish. <s>b is no special token.
  EXPECT_THAT(tokenizer.encode("a<s>c<s>b", {.add_special_tokens = false, .parse_special = false}),
              ElementsAre(0, 2, 9));
}

TEST(TokenizerTest, BrokenUtf8CountsAsTheReplacementCharacter) {
  const std::string json = changed(R"("abc": 7})", R"("abc": 7, "ï": 10, "¿": 11, "½": 12})");
  const Tokenizer tokenizer = Tokenizer::from_json(json, "small");
  const EncodeOptions plain{.add_special_tokens = false};
  EXPECT_THAT(tokenizer.encode("\xEF\xBF\xBD", plain), ElementsAre(10, 11, 12));
  // A byte that starts nothing, then a character cut short, then one that cannot be.
  EXPECT_EQ(tokenizer.encode("a\xff\xe4\xb8", plain), tokenizer.encode("a\uFFFD\uFFFD", plain));
  EXPECT_EQ(tokenizer.encode("\xed\xa0\x80z", plain),
            tokenizer.encode("\uFFFD\uFFFD\uFFFDz", plain));
  const std::vector<std::int32_t> ids = {10, 0, 99, -1, 11};
  EXPECT_EQ(tokenizer.decode(ids, false), "\uFFFDa\uFFFD");
}

TEST(TokenizerTest, LongPiecesTakeTimeInProportion) {
  const std::string json = changed(R"("merges": [)", R"("merges": ["a a", "aa aa", "aaaa aaaa",)");
  const std::string all = R"("abc": 7, "aa": 10, "aaaa": 11, "aaaaaaaa": 12})";
  std::string text = json;
  text.replace(text.find(R"("abc": 7})"), 9, all);
  const Tokenizer tokenizer = Tokenizer::from_json(text, "small");
  const auto ids = tokenizer.encode(std::string(3'000'001, 'a'), {.add_special_tokens = false});
  ASSERT_EQ(ids.size(), 375'001U);  // were it quadratic, this test would take hours
  EXPECT_EQ(ids.front(), 12);
  EXPECT_EQ(ids.back(), 0);
}

TEST(TokenizerTest, FolderNamesStartEndAndPadding) {
  const testing::TemporaryFolder folder;
  testing::write_file(folder.path() / "tokenizer.json",
                      changed(R"("post_processor")", R"("truncation": null, "padding")"));
  EXPECT_EQ(Tokenizer::from_folder(folder.path()).bos_id(), std::nullopt);
  testing::write_file(folder.path() / "tokenizer_config.json",
                      R"({"bos_token": {"content": "<s>"}, "eos_token": "c", "pad_token": null,
                          "add_bos_token": true, "add_eos_token": false})");
  const Tokenizer tokenizer = Tokenizer::from_folder(folder.path());
  EXPECT_EQ(tokenizer.bos_id(), 8);
  EXPECT_EQ(tokenizer.eos_id(), 2);
  EXPECT_EQ(tokenizer.pad_id(), std::nullopt);
  EXPECT_THAT(tokenizer.encode("a"), ElementsAre(8, 0));
}

TEST(IncrementalDecoderTest, GivesWholeCharactersAsSoonAsTheyAreCertain) {
  const std::string json = changed(R"("abc": 7})", R"("abc": 7, "ï": 10, "¿": 11, "½": 12})");
  const Tokenizer tokenizer = Tokenizer::from_json(json, "small");
  IncrementalDecoder decoder(tokenizer);
  EXPECT_EQ(decoder.push(5), " ab");
  EXPECT_EQ(decoder.push(10), "");
  EXPECT_EQ(decoder.push(11), "");
  EXPECT_EQ(decoder.push(12), "\uFFFD");  // as a character of the text
  EXPECT_EQ(decoder.push(10), "");
  EXPECT_EQ(decoder.push(0), "\uFFFDa");  // as the sign of a broken one
  EXPECT_EQ(decoder.push(8), "<s>");
  EXPECT_EQ(decoder.push(10), "");
  EXPECT_EQ(decoder.finish(), "\uFFFD");
  EXPECT_EQ(decoder.finish(), "");
  EXPECT_EQ(IncrementalDecoder(tokenizer, true).push(8), "");
}

TEST(IncrementalDecoderTest, JoinsToWhatDecodingAtOnceGives) {
  for (const char* name : {"llama2", "qwen3"}) {
    const auto folder = testing::fetched(std::string("tokenizers/") + name);
    if (!folder) GTEST_SKIP() << "tools/fetch_test_data.sh has not fetched " << name;
    const Tokenizer tokenizer = Tokenizer::from_folder(*folder);
    const auto ids = tokenizer.encode("  Hello \u4f60\u597d,\n \U0001F468\u200D\U0001F469 \u0627",
                                      {.add_special_tokens = false});
    IncrementalDecoder decoder(tokenizer);
    std::string text;
    for (const std::int32_t id : ids) {
      const std::string part = decoder.push(id);
      EXPECT_TRUE(is_valid_utf8(part));
      text += part;
    }
    text += decoder.finish();
    EXPECT_EQ(text, tokenizer.decode(ids, false)) << name;
  }
}

struct Bad {
  const char* from;
  const char* to;
  const char* message;
};

TEST(TokenizerTest, BadFilesAreErrorsThatNameThePlace) {
  const Bad cases[] = {
      {R"("version": "1.0")", R"("version": "2.0")", "unknown version '2.0'"},
      {R"("version")", R"("verzion")", "unknown option 'verzion'"},
      {R"({"type": "BPE",)", R"({"type": "Unigram",)", "model: unknown model 'Unigram'"},
      {R"({"type": "BPE",)", R"({"dropout": 0.1,)", "model: dropout is not supported"},
      {R"({"type": "BPE",)", R"({"fuse_unk": 1,)", "model.fuse_unk: expected true or false"},
      {R"("vocab": {)", R"("vocab": [], "x": {)", "unknown option 'x'"},
      {R"("merges": [)", R"("merges": ["x y",)", "merge 0: 'x' is not in the vocabulary"},
      {R"("merges": [)", R"("merges": ["a",)", "merge 0 is not a pair"},
      {R"("merges": [)", R"("merges": [["a", "b", "c"],)", "merge 0 is not a pair"},
      {R"("merges": [)", R"("merges": ["c c",)", "merge 0: 'cc' is not in the vocabulary"},
      {R"("a": 0)", R"("a": -1)", "model.vocab: the id of 'a' must be a whole number"},
      {R"("a": 0)", R"("a": 2147483648)", "model.vocab: the id of 'a'"},
      {R"("a": 0)", R"("a": 1e3)", "model.vocab: the id of 'a'"},
      {R"("a": 0)", R"("a": 1)", "'a' and 'b' both have id 1"},
      {R"("a": 0)", R"("a": 0, "a": 77)", "'a' stands twice"},
      {R"({"id": 8, )", R"({"id": -1, )", "added_tokens[0].id: expected a whole number"},
      {R"({"id": 8, )", R"({"id": 9, )", "two tokens have id 9"},
      {R"("content": "<s>b")", R"("content": "<s>")", "stands twice"},
      {R"("content": "<s>b")", R"("content": "b")", "has id 9, and 1 in the vocabulary"},
      {R"("content": "<s>b")", R"("content": "")", "added token 9 has 0 bytes"},
      {R"("special": true)", R"("special": true, "z": 1)", "added_tokens[0]: unknown option 'z'"},
      {R"("use_regex": true)", R"("trim": true)", "pre_tokenizer: unknown option 'trim'"},
      {R"({"type": "ByteLevel", )", R"({"type": "Bert", )", "pre_tokenizer: unknown"},
      {R"("decoder": {"type": "ByteLevel"})", R"("decoder": {"type": "CTC"})",
       "decoder: unknown decoder 'CTC'"},
      {R"("type": "TemplateProcessing")", R"("type": "BertProcessing")",
       "unknown post-processor 'BertProcessing'"},
      {R"("ids": [8])", R"("ids": [99999999])", "expected a whole number"},
      {R"({"Sequence": {"id": "A")", R"({"Sequence": {"id": "B")", "post_processor"},
  };
  for (const Bad& bad : cases) {
    EXPECT_THAT([&] { Tokenizer::from_json(changed(bad.from, bad.to), "t.json"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("t.json"), HasSubstr(bad.message))))
        << bad.to;
  }
  EXPECT_THAT([] { Tokenizer::from_json("{\"model\": ", "t.json"); },
              ThrowsMessage<Error>(HasSubstr("t.json: not valid JSON")));
  EXPECT_THAT([] { Tokenizer::from_json("[]", "t.json"); },
              ThrowsMessage<Error>(HasSubstr("t.json")));
}

TEST(TokenizerTest, NestingHasALimit) {
  std::string stages = R"({"type": "Digits"})";
  for (int i = 0; i < 30; ++i) {
    stages = R"({"type": "Sequence", "pretokenizers": [)" + stages + "]}";
  }
  EXPECT_THAT(
      [&] {
        Tokenizer::from_json(
            changed(R"("pre_tokenizer": {)", R"("pre_tokenizer": )" + stages + R"(, "padding": {)"),
            "t.json");
      },
      ThrowsMessage<Error>(HasSubstr("nested too deep")));
}

}  // namespace
}  // namespace frugal::text

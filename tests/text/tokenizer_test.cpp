#include "text/tokenizer.h"

#include <gmock/gmock.h>

#include "base/error.h"

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

TEST(TokenizerTest, UnknownThingsAreErrorsThatNameThemselves) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = kSmall;
    text.replace(text.find(from), from.size(), to);
    return [text] { Tokenizer::from_json(text, "t.json"); };
  };
  EXPECT_THAT(with(R"("type": "BPE")", R"("type": "Unigram")"),
              ThrowsMessage<Error>(HasSubstr("t.json: model: unknown model 'Unigram'")));
  EXPECT_THAT(with(R"("merges": [)", R"("merges": ["x y",)"),
              ThrowsMessage<Error>(HasSubstr("merge 0: 'x' is not in the vocabulary")));
}

}  // namespace
}  // namespace frugal::text

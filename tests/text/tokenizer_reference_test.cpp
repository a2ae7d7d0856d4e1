// Real tokenizers over a megabyte of everything: our ids and texts against those of the official
// binding of the Rust library.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "support/data.h"
#include "text/gguf_pre_tokenizers.h"
#include "tokenizer_corpus.h"
#include "tokenizer_reference.h"
#include "unicode_differences.h"

namespace frugal::text {
namespace {

// Code points that both sides' versions of Unicode know alike.
const std::vector<char32_t>& common_code_points() {
  static const std::vector<char32_t> common = [] {
    std::vector<char32_t> assigned = assigned_code_points();
    std::unordered_set<char32_t> differing;
    for (const UnicodeDifference& difference : unicode_differences(assigned)) {
      differing.insert(difference.code_points.begin(), difference.code_points.end());
    }
    // A difference that comes from the versions of Unicode concerns few; see docs/tokenizers.md.
    EXPECT_LT(differing.size(), assigned.size() / 50);
    std::erase_if(assigned, [&](char32_t c) { return differing.contains(c); });
    return assigned;
  }();
  return common;
}

const Corpus& corpus() {
  static const Corpus made = make_corpus(common_code_points());
  return made;
}

// All of it at once, then short pieces, some with added tokens in them.
std::vector<std::string> texts_for(const Tokenizer& tokenizer) {
  std::vector<std::string> texts = corpus().excerpts(1500);
  std::vector<std::string> markers;
  for (std::int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    if (tokenizer.is_special(id)) markers.emplace_back(tokenizer.token_text(id));
  }
  for (std::size_t i = 0; i + 1 < texts.size() && !markers.empty(); i += 5) {
    texts[i] += markers[i % markers.size()] + texts[i + 1] + markers[i / 5 % markers.size()];
  }
  texts.insert(texts.begin(), corpus().whole());
  texts.insert(texts.end(), {"", " ", "\n", "a", "\u00e9", std::string(3000, ' ')});
  return texts;
}

void compare(const std::string& name, const std::filesystem::path& json, bool add_special_tokens,
             const std::function<Tokenizer()>& make) {
  const ReferenceJob job{json, texts_for(make()), add_special_tokens};
  EXPECT_GE(job.texts[0].size(), 1'000'000U) << "left out:" << corpus().missing;
  const ReferenceResult reference = run_reference({job})[0];
  for (const char* const jit : {"on", "off"}) {
    SCOPED_TRACE(std::string("FRUGAL_JIT=") + jit);
    ::setenv("FRUGAL_JIT", jit, 1);
    const double seconds = expect_same(make(), job, reference)[0];
    const double theirs = reference.texts[0].encode_seconds;
    fmt::print(
        "{}, {} bytes, FRUGAL_JIT={}: {:.0f} ms; the binding {:.0f} ms, {:.1f} times as long\n",
        name, job.texts[0].size(), jit, seconds * 1e3, theirs * 1e3, theirs / seconds);
  }
  ::unsetenv("FRUGAL_JIT");
}

class RealTokenizerTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string missing = reference_missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
  }
};

TEST_P(RealTokenizerTest, MatchesTheBinding) {
  const auto json = testing::fetched(fmt::format("tokenizers/{}/tokenizer.json", GetParam()));
  if (!json) GTEST_SKIP() << "tools/fetch_test_data.sh has not fetched " << GetParam();
  compare(GetParam(), *json, true, [&] {
    const MappedFile file(*json);
    return Tokenizer::from_json(file.text(), json->string());
  });
}

INSTANTIATE_TEST_SUITE_P(Files, RealTokenizerTest,
                         ::testing::Values("deepseek_v3", "llama2", "llama3_1", "qwen3"),
                         [](const auto& instance) { return std::string(instance.param); });

Json isolated(const std::string& pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

Json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

// The pre-tokenizers in the models' own tokenizer.json files, which GGUF files only name.
Json pre_tokenizer_of(const std::string& name) {
  const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
  if (name == "gpt-2") return Json::array({byte_level(true)});
  if (name == "smollm") return Json::array({digits, byte_level(true)});
  // deepseek-llm. The letters that have a case are too many to list them twice; llama.cpp's own
  // texts and ids are what checks the list.
  const std::string letters(named_pre_tokenizer("deepseek-llm", "").patterns.at(1));
  return Json::array({isolated(R"([\r\n])"), isolated(letters),
                      isolated("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"),
                      isolated(R"(\s+$)"), isolated("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"),
                      digits, byte_level(false)});
}

// Ordered objects are searched from the start, and a vocabulary is too long for that.
using UnorderedJson = nlohmann::json;

// The merges of a SentencePiece vocabulary, as transformers makes them when it converts one: each
// way to cut a piece in two known ones, the pieces with the best scores first.
Json merges_by_score(const std::vector<std::string_view>& tokens, const std::vector<float>& scores,
                     const UnorderedJson& vocabulary) {
  struct Merge {
    float score;
    std::string left, right;
  };
  std::vector<Merge> merges;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    for (std::size_t cut = 1; cut < tokens[id].size(); ++cut) {
      const std::string left(tokens[id].substr(0, cut));
      const std::string right(tokens[id].substr(cut));
      if (vocabulary.contains(left) && vocabulary.contains(right)) {
        merges.push_back({scores[id], left, right});
      }
    }
  }
  std::stable_sort(merges.begin(), merges.end(),
                   [](const Merge& a, const Merge& b) { return a.score > b.score; });
  Json list = Json::array();
  for (const Merge& merge : merges) list.push_back({merge.left, merge.right});
  return list;
}

// Writes a GGUF file's vocabulary as the tokenizer.json that it was made from.
std::string json_of_gguf(const formats::GgufMetadata& metadata, const std::string& pre) {
  UnorderedJson vocabulary;
  UnorderedJson added = UnorderedJson::array();
  const auto& tokens = metadata.get_strings("tokenizer.ggml.tokens");
  const auto types = metadata.get_ints("tokenizer.ggml.token_type");
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    const std::string text(tokens[id]);
    vocabulary[text] = id;
    const bool special = types[id] == 2 || types[id] == 3;
    if (!special && types[id] != 4) continue;
    added.push_back({{"id", id},
                     {"content", text},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", special}});
  }
  UnorderedJson json = {{"version", "1.0"}, {"added_tokens", added}};
  json["model"] = {{"type", "BPE"}, {"vocab", vocabulary}};
  if (pre == "default") {  // a SentencePiece vocabulary has no pre-tokenizer
    json["normalizer"] = UnorderedJson::parse(R"({"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]})");
    json["decoder"] = UnorderedJson::parse(R"({"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})");
    json["model"].update({{"unk_token", "<unk>"}, {"fuse_unk", true}, {"byte_fallback", true}});
    json["model"]["merges"] =
        merges_by_score(tokens, metadata.get_floats("tokenizer.ggml.scores"), vocabulary);
  } else {
    json["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", pre_tokenizer_of(pre)}};
    json["decoder"] = byte_level(true);
    json["model"]["merges"] = metadata.get_strings("tokenizer.ggml.merges");
  }
  return json.dump();
}

class GgufVocabularyTest : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(GgufVocabularyTest, MatchesTheBindingOnTheSameVocabulary) {
  if (const std::string missing = reference_missing(); !missing.empty()) GTEST_SKIP() << missing;
  const auto [file, pre] = GetParam();
  const auto path = testing::fetched(file);
  if (!path) GTEST_SKIP() << "tools/fetch_test_data.sh has not fetched " << file;
  const MappedFile mapped(*path);
  const formats::GgufFile gguf = formats::parse_gguf(mapped.bytes(), *path);
  ASSERT_EQ(gguf.metadata.get_string("tokenizer.ggml.pre"), pre);
  const testing::TemporaryFolder folder;
  testing::write_file(folder.path() / "tokenizer.json", json_of_gguf(gguf.metadata, pre));
  compare(pre, folder.path() / "tokenizer.json", false,
          [&] { return Tokenizer::from_gguf(gguf.metadata); });
}

INSTANTIATE_TEST_SUITE_P(
    Files, GgufVocabularyTest,
    ::testing::Values(std::pair("smollm2.gguf", "smollm"),
                      std::pair("llama.cpp/ggml-vocab-gpt-2.gguf", "gpt-2"),
                      std::pair("llama.cpp/ggml-vocab-llama-spm.gguf", "default"),
                      std::pair("llama.cpp/ggml-vocab-deepseek-llm.gguf", "deepseek-llm")),
    [](const auto& instance) {
      std::string name = instance.param.second;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace frugal::text

// Every option of tokenizer.json that this library knows, on small vocabularies, against the
// official binding of the Rust library.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/rng.h"
#include "support/data.h"
#include "text/byte_level.h"
#include "tokenizer_reference.h"

namespace frugal::text {
namespace {

struct Case {
  std::string name;
  Json json;
};

// Every text of up to three of `chars`, each made by merges: then ids show where a text was cut.
Json dense_model(const std::vector<std::string>& chars) {
  Json vocabulary = Json::object();
  Json merges = Json::array();
  const auto add = [&](const std::string& text) { vocabulary[text] = vocabulary.size(); };
  for (const std::string& a : chars) add(a);
  for (const std::string& a : chars) {
    for (const std::string& b : chars) {
      add(a + b);
      merges.push_back({a, b});
    }
  }
  for (const std::string& a : chars) {
    for (const std::string& b : chars) {
      for (const std::string& c : chars) {
        add(a + b + c);
        merges.push_back((merges.size() % 2) == 0 ? Json{a + b, c} : Json{a, b + c});
      }
    }
  }
  return {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}};
}

// The same over bytes, and a token for every other byte.
Json dense_byte_model() {
  Json model = dense_model({"a", "b", "C", "1", "\u0120", "\u010a", "-", "."});
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = to_byte_level(std::string(1, static_cast<char>(byte)));
    if (!model["vocab"].contains(text)) model["vocab"][text] = model["vocab"].size();
  }
  return model;
}

Json parse(const std::string& text) { return Json::parse(text); }

Json byte_level_json() {
  return {{"version", "1.0"},
          {"added_tokens", Json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", parse(R"({"type": "ByteLevel", "add_prefix_space": false,
                                      "trim_offsets": true, "use_regex": false})")},
          {"post_processor", nullptr},
          {"decoder", parse(R"({"type": "ByteLevel", "add_prefix_space": true,
                                "trim_offsets": true, "use_regex": true})")},
          {"model", dense_byte_model()}};
}

Json char_level_json() {
  Json json = byte_level_json();
  json["pre_tokenizer"] = nullptr;
  json["decoder"] = nullptr;
  json["model"] = dense_model({"a", "b", "C", "1", " ", "\n", "-", "\u2581", "\u00e9"});
  return json;
}

Json split(const Json& pattern, const std::string& behavior, bool invert) {
  return {{"type", "Split"}, {"pattern", pattern}, {"behavior", behavior}, {"invert", invert}};
}

std::vector<Json> pre_tokenizers() {
  std::vector<Json> stages;
  for (const char* text :
       {R"({"type": "Digits", "individual_digits": true})",
        R"({"type": "Digits", "individual_digits": false})", R"({"type": "Whitespace"})",
        R"({"type": "WhitespaceSplit"})", R"({"type": "CharDelimiterSplit", "delimiter": "-"})",
        R"({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                               "use_regex": true})",
        R"({"type": "ByteLevel", "add_prefix_space": false,
                               "trim_offsets": true})"}) {
    stages.push_back(parse(text));
  }
  for (const char* regex : {"$|^", "b*", R"(\w+)", "(?<=a)b|\\S(?=-)|(?>a+)",
                            R"((?i:c)|[^\s\w]|\h)", R"(\p{^L}\x{31}?|\u0062{2,})"}) {
    stages.push_back(split({{"Regex", regex}}, "Isolated", false));
  }
  for (const char* behavior :
       {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"}) {
    stages.push_back({{"type", "Punctuation"}, {"behavior", behavior}});
    for (const bool invert : {false, true}) {
      stages.push_back(split({{"Regex", R"(\s|[-.])"}}, behavior, invert));
      stages.push_back(split({{"String", "-"}}, behavior, invert));
    }
  }
  return stages;
}

void add_pre_tokenizers(std::vector<Case>& cases) {
  for (const Json& stage : pre_tokenizers()) {
    Json json = byte_level_json();
    json["pre_tokenizer"] = {{"type", "Sequence"},
                             {"pretokenizers", Json::array({stage, json["pre_tokenizer"]})}};
    cases.push_back({stage.dump(), json});
  }
  // What comes behind ByteLevel sees its alphabet.
  Json json = byte_level_json();
  json["pre_tokenizer"]["use_regex"] = true;
  json["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers", Json::array({json["pre_tokenizer"],
                                     split({{"Regex", "\u0120|\u010a"}}, "Isolated", false)})}};
  cases.push_back({"Split behind ByteLevel", json});
}

void add_metaspaces(std::vector<Case>& cases) {
  for (const char* scheme : {"first", "never", "always"}) {
    for (const bool split : {false, true}) {
      Json json = char_level_json();
      json["pre_tokenizer"] = {{"type", "Metaspace"},
                               {"replacement", "\u2581"},
                               {"prepend_scheme", scheme},
                               {"split", split}};
      json["decoder"] = json["pre_tokenizer"];
      json["model"]["unk_token"] = "a";
      json["added_tokens"] = parse(R"([{"id": 819, "content": "<x>", "single_word": false,
          "lstrip": false, "rstrip": false, "normalized": false, "special": true}])");
      cases.push_back({json["pre_tokenizer"].dump(), json});
    }
  }
}

void add_normalizers(std::vector<Case>& cases) {
  for (const char* normalizer :
       {R"({"type": "NFC"})", R"({"type": "NFD"})", R"({"type": "NFKC"})", R"({"type": "NFKD"})",
        R"({"type": "Lowercase"})", R"({"type": "StripAccents"})",
        R"({"type": "Strip", "strip_left": true, "strip_right": false})",
        R"({"type": "Strip", "strip_left": true, "strip_right": true})",
        R"({"type": "Prepend", "prepend": "-"})",
        R"({"type": "Replace", "pattern": {"String": "a"}, "content": "bb"})",
        R"({"type": "Replace", "pattern": {"Regex": "\\s+|b+"}, "content": ""})",
        R"({"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"},
            {"type": "Sequence", "normalizers": [{"type": "Lowercase"}]}]})"}) {
    Json json = byte_level_json();
    json["normalizer"] = parse(normalizer);
    cases.push_back({normalizer, json});
  }
  Json json = byte_level_json();
  json["pre_tokenizer"] = nullptr;
  json["normalizer"] = {{"type", "ByteLevel"}};
  cases.push_back({"normalizer ByteLevel", json});
}

void add_models(std::vector<Case>& cases) {
  const auto with = [&](const std::string& options) {
    Json json = char_level_json();
    json["model"].update(parse(options));
    return json;
  };
  cases.push_back({"unknown vanishes", with("{}")});
  cases.push_back({"unknown", with(R"({"unk_token": "a"})")});
  cases.push_back({"unknown fused", with(R"({"unk_token": "a", "fuse_unk": true})")});
  for (const bool all_bytes : {true, false}) {  // else some characters cannot fall back
    for (const bool fuse : {false, true}) {
      Json json = with(R"({"unk_token": "C", "byte_fallback": true})");
      json["model"]["fuse_unk"] = fuse;
      for (int byte = 0; byte < 256; ++byte) {
        if (!all_bytes && byte >= 0xA0 && byte < 0xB8) continue;
        json["model"]["vocab"][fmt::format("<0x{:02X}>", byte)] = json["model"]["vocab"].size();
      }
      json["decoder"] = parse(R"({"type": "Sequence", "decoders": [
          {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
          {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})");
      cases.push_back({fmt::format("all bytes {}, fused {}", all_bytes, fuse), json});
    }
  }
  Json whole = byte_level_json();
  whole["model"]["ignore_merges"] = true;
  whole["model"]["vocab"]["aab1"] = whole["model"]["vocab"].size();
  whole["pre_tokenizer"]["use_regex"] = true;
  cases.push_back({"ignore_merges", whole});
  Json affixes = byte_level_json();
  affixes["model"] = parse(R"({"type": "BPE", "unk_token": "<u>",
      "continuing_subword_prefix": "##", "end_of_word_suffix": "</w>",
      "vocab": {"a": 0, "##a": 1, "##b": 2, "ab": 3, "##b</w>": 4, "##ab</w>": 5, "<u>": 6, "b": 7,
                "a</w>": 8},
      "merges": [["a", "##b"], ["##a", "##b</w>"]]})");
  affixes["pre_tokenizer"] = {{"type", "WhitespaceSplit"}};
  affixes["decoder"] = nullptr;
  cases.push_back({"affixes", affixes});
}

void add_added_tokens(std::vector<Case>& cases) {
  const auto token = [](int id, const char* content, const char* flags) {
    Json json = {{"id", id},        {"content", content}, {"single_word", false},
                 {"lstrip", false}, {"rstrip", false},    {"normalized", false},
                 {"special", false}};
    for (const char* flag = flags; *flag != '\0'; ++flag) {
      json[*flag == 'w'   ? "single_word"
           : *flag == 'l' ? "lstrip"
           : *flag == 'r' ? "rstrip"
           : *flag == 'n' ? "normalized"
                          : "special"] = true;
    }
    return json;
  };
  const int first = static_cast<int>(dense_byte_model()["vocab"].size());
  for (const char* flags : {"", "s", "w", "l", "r", "lr", "n", "ns", "wlr", "nwlr"}) {
    for (const char* normalizer : {"null", R"({"type": "Lowercase"})"}) {
      Json json = byte_level_json();
      json["normalizer"] = parse(normalizer);
      json["added_tokens"] = {token(first, "b1b1", flags), token(first + 1, "<S>", flags),
                              token(first + 2, "b", "s"), token(first + 3, "a-a-", flags),
                              token(first + 4, "<S>a", "n")};
      // One that is in the vocabulary already keeps its id.
      json["added_tokens"][2] = token(json["model"]["vocab"]["b"], "b", "s");
      json["added_tokens"][3]["id"] = first + 2;
      json["added_tokens"][4]["id"] = first + 3;
      cases.push_back({fmt::format("added tokens '{}' {}", flags, normalizer), json});
    }
  }
}

void add_post_processors(std::vector<Case>& cases) {
  const char* const around = R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "x", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": "y", "type_id": 0}}],
      "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
      "special_tokens": {"x": {"id": "x", "ids": [3, 4], "tokens": ["1", " "]},
                         "y": {"id": "y", "ids": [5], "tokens": ["-"]}}})";
  Json json = byte_level_json();
  json["post_processor"] = parse(around);
  cases.push_back({"template", json});
  json["post_processor"] = {{"type", "Sequence"},
                            {"processors", Json::array({json["decoder"], parse(around)})}};
  cases.push_back({"sequence of post-processors", json});
}

std::vector<std::string> texts() {
  const std::vector<std::string> pieces = {
      "a",      "a",      "b",      "b",      "C",       "1",      "1",          " ",
      " ",      "\n",     "-",      ".",      "b1b1",    "a-a-",   "<S>a",       "<S>",
      "<s>",    "<x>",    "\u2581", "\u00e9", "e\u0301", "\u0130", "\u00a0",     "\u3000",
      "\u4f60", "\u00b2", "\u0663", "\u01c5", "\ufb01",  "'s",     "\U0001f600", "\u0985",
      "_",      "\u200d", "\r\n",   "aab1",   "\u180e",  "\u0085"};
  Rng rng(6);
  std::vector<std::string> all = {"", " ", "a", "-", " a", "a ", "b1b1  <S>  a", "<S> \n <S>b1b1 "};
  while (all.size() < 150) {
    std::string& text = all.emplace_back();
    for (std::uint64_t i = 1 + rng.below(14); i > 0; --i) text += pieces[rng.below(pieces.size())];
  }
  return all;
}

TEST(TokenizerOptionsTest, AllMatchTheBinding) {
  if (const std::string missing = reference_missing(); !missing.empty()) GTEST_SKIP() << missing;
  std::vector<Case> cases;
  add_pre_tokenizers(cases);
  add_metaspaces(cases);
  add_normalizers(cases);
  add_models(cases);
  add_added_tokens(cases);
  add_post_processors(cases);
  const testing::TemporaryFolder folder;
  std::vector<ReferenceJob> jobs;
  for (const Case& one : cases) {
    const auto path = folder.path() / fmt::format("{}.json", jobs.size());
    testing::write_file(path, one.json.dump());
    jobs.push_back({path, texts(), true});
  }
  const std::vector<ReferenceResult> results = run_reference(jobs);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].name);
    expect_same(Tokenizer::from_json(cases[i].json.dump(), "case"), jobs[i], results[i]);
  }
}

}  // namespace
}  // namespace frugal::text

// tokenizer.json, the format of Hugging Face's library `tokenizers`.
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "text/json_node.h"
#include "text/tokenizer.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

namespace frugal::text {

namespace {

// \w+|[^\w\s]+ as Rust's regular expressions understand it, which is not quite Oniguruma's way.
constexpr std::string_view kWordsOrNot =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+)"
    R"(|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\s]+)";

// Sequences may hold sequences; real files nest twice.
constexpr int kMaxNesting = 16;

// Calls visit(step) for `node` or, when it is a Sequence, for what it holds, in order.
void for_each_step(const JsonNode& node, std::string_view list_key, const auto& visit,
                   int depth = 0) {
  if (depth == kMaxNesting) node.fail_here("sequences nested too deep");
  if (node.at("type").string() != "Sequence") return visit(node);
  node.allow({"type", list_key});
  for (const JsonNode& step : node.at(list_key).items()) {
    for_each_step(step, list_key, visit, depth + 1);
  }
}

[[noreturn]] void unknown_type(const JsonNode& node, std::string_view kind) {
  node.fail_here(fmt::format("unknown {} '{}'", kind, printable(node.at("type").string())));
}

Regex read_pattern(const JsonNode& node) {
  const JsonNode pattern = node.at("pattern");
  pattern.allow({"String", "Regex"});
  if (const auto text = pattern.find("String")) return Regex::literal(text->string(), node.where());
  return Regex(pattern.at("Regex").string(), node.where());
}

std::string read_char(const JsonNode& node, std::string_view key) {
  const std::string_view text = node.at(key).string();
  if (text.empty() || utf8_length(text[0]) != text.size()) {
    node.at(key).fail_here("expected one character");
  }
  return std::string(text);
}

SplitBehavior read_behavior(const JsonNode& node) {
  static constexpr std::array<std::pair<std::string_view, SplitBehavior>, 5> kBehaviors = {{
      {"Removed", SplitBehavior::removed},
      {"Isolated", SplitBehavior::isolated},
      {"MergedWithPrevious", SplitBehavior::merged_with_previous},
      {"MergedWithNext", SplitBehavior::merged_with_next},
      {"Contiguous", SplitBehavior::contiguous},
  }};
  const std::string_view name = node.string("behavior", "Isolated");
  for (const auto& [known, behavior] : kBehaviors) {
    if (name == known) return behavior;
  }
  node.fail_here(fmt::format("unknown behavior '{}'", printable(name)));
}

// Files from before prepend_scheme have add_prefix_space alone.
PreTokenizer::PrependScheme read_prepend_scheme(const JsonNode& node) {
  const std::string_view name =
      node.string("prepend_scheme", node.boolean("add_prefix_space", true) ? "always" : "never");
  if (name == "first") return PreTokenizer::PrependScheme::first;
  if (name == "never") return PreTokenizer::PrependScheme::never;
  if (name == "always") return PreTokenizer::PrependScheme::always;
  node.fail_here(fmt::format("unknown prepend_scheme '{}'", printable(name)));
}

Normalizer::Step read_normalizer(const JsonNode& node) {
  const std::string_view type = node.at("type").string();
  if (type == "Prepend") {
    node.allow({"type", "prepend"});
    return Normalizer::Prepend{std::string(node.at("prepend").string())};
  }
  if (type == "Replace") {
    node.allow({"type", "pattern", "content"});
    return Normalizer::Replace{read_pattern(node), std::string(node.at("content").string())};
  }
  if (type == "Strip") {
    node.allow({"type", "strip_left", "strip_right"});
    return Normalizer::Strip{node.boolean("strip_left", true), node.boolean("strip_right", true)};
  }
  node.allow({"type"});
  if (type == "NFC") return UnicodeForm::nfc;
  if (type == "NFD") return UnicodeForm::nfd;
  if (type == "NFKC") return UnicodeForm::nfkc;
  if (type == "NFKD") return UnicodeForm::nfkd;
  if (type == "Lowercase") return Normalizer::Lowercase{};
  if (type == "StripAccents") return Normalizer::StripAccents{};
  if (type == "ByteLevel") return Normalizer::ByteLevel{};
  unknown_type(node, "normalizer");
}

PreTokenizer::Stage read_pre_tokenizer(const JsonNode& node) {
  const std::string_view type = node.at("type").string();
  const auto split = [&](std::string_view pattern, SplitBehavior behavior, bool invert = false) {
    return PreTokenizer::Split{Regex(pattern, node.where()), behavior, invert};
  };
  if (type == "Split") {
    node.allow({"type", "pattern", "behavior", "invert"});
    return PreTokenizer::Split{read_pattern(node), read_behavior(node),
                               node.boolean("invert", false)};
  }
  if (type == "ByteLevel") {
    // trim_offsets has no bearing on ids.
    node.allow({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    PreTokenizer::ByteLevel stage{node.boolean("add_prefix_space", true), std::nullopt};
    if (node.boolean("use_regex", true)) stage.pattern.emplace(kGpt2Pattern, node.where());
    return stage;
  }
  if (type == "Metaspace") {
    node.allow({"type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
    PreTokenizer::Metaspace stage{read_char(node, "replacement"), read_prepend_scheme(node),
                                  std::nullopt};
    if (node.boolean("split", true)) {
      stage.split.emplace(Regex::literal(stage.replacement, node.where()));
    }
    return stage;
  }
  if (type == "Digits") {
    node.allow({"type", "individual_digits"});
    return split(R"(\p{N})", node.boolean("individual_digits", false) ? SplitBehavior::isolated
                                                                      : SplitBehavior::contiguous);
  }
  if (type == "Punctuation") {
    node.allow({"type", "behavior"});
    return split(R"([\p{P}$+<=>^`|~])", read_behavior(node));
  }
  if (type == "CharDelimiterSplit") {
    node.allow({"type", "delimiter"});
    return PreTokenizer::Split{Regex::literal(read_char(node, "delimiter"), node.where()),
                               SplitBehavior::removed, false};
  }
  node.allow({"type"});
  if (type == "WhitespaceSplit") return split(R"(\s)", SplitBehavior::removed);
  if (type == "Whitespace") return split(kWordsOrNot, SplitBehavior::removed, true);
  unknown_type(node, "pre-tokenizer");
}

Decoder::Step read_decoder(const JsonNode& node) {
  const std::string_view type = node.at("type").string();
  if (type == "ByteLevel") {
    node.allow({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    return Decoder::ByteLevel{};
  }
  if (type == "Replace") {
    node.allow({"type", "pattern", "content"});
    return Decoder::Replace{read_pattern(node), std::string(node.at("content").string())};
  }
  if (type == "Strip") {
    node.allow({"type", "content", "start", "stop"});
    const auto count = [&](std::string_view key) {
      return static_cast<std::size_t>(node.at(key).integer(0, 1 << 20));
    };
    return Decoder::Strip{read_char(node, "content"), count("start"), count("stop")};
  }
  if (type == "Metaspace") {
    node.allow({"type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
    return Decoder::Metaspace{read_char(node, "replacement"),
                              read_prepend_scheme(node) != PreTokenizer::PrependScheme::never};
  }
  node.allow({"type"});
  if (type == "ByteFallback") return Decoder::ByteFallback{};
  if (type == "Fuse") return Decoder::Fuse{};
  unknown_type(node, "decoder");
}

std::int32_t read_id(const JsonNode& node) {
  return static_cast<std::int32_t>(node.integer(0, kMaxTokens - 1));
}

// Puts the template's tokens around what `parts` has so far.
void add_template(const JsonNode& node, TokenizerParts& parts) {
  node.allow({"type", "single", "pair", "special_tokens"});
  std::vector<std::int32_t> before;
  std::vector<std::int32_t> behind;
  bool seen_text = false;
  for (const JsonNode& piece : node.at("single").items()) {
    piece.allow({"Sequence", "SpecialToken"});
    if (const auto sequence = piece.find("Sequence")) {
      if (seen_text || sequence->at("id").string() != "A") {
        sequence->fail_here("a template other than one text between tokens is not supported");
      }
      seen_text = true;
      continue;
    }
    const JsonNode token = piece.at("SpecialToken").at("id");
    for (const JsonNode& id : node.at("special_tokens").at(token.string()).at("ids").items()) {
      (seen_text ? behind : before).push_back(read_id(id));
    }
  }
  if (!seen_text) node.fail_here("the template for a single text leaves the text out");
  parts.prefix.insert(parts.prefix.begin(), before.begin(), before.end());
  parts.suffix.insert(parts.suffix.end(), behind.begin(), behind.end());
}

void add_post_processor(const JsonNode& node, TokenizerParts& parts) {
  const std::string_view type = node.at("type").string();
  if (type == "ByteLevel") return;  // touches offsets only
  if (type == "TemplateProcessing") return add_template(node, parts);
  unknown_type(node, "post-processor");
}

Vocabulary read_vocabulary(const JsonNode& node) {
  const simdjson::dom::object object = node.object();
  Vocabulary vocabulary;
  vocabulary.reserve(object.size(), object.size() * 8);
  for (const auto field : object) {
    std::int64_t id = -1;
    if (field.value.get(id) != simdjson::SUCCESS || id < 0 || id >= kMaxTokens) {
      node.fail_here(fmt::format("the id of '{}' must be a whole number from 0 to {}",
                                 printable(field.key), kMaxTokens - 1));
    }
    const auto index = static_cast<std::int32_t>(id);
    if (vocabulary.has(index)) {
      node.fail_here(fmt::format("'{}' and '{}' both have id {}", printable(vocabulary.text(index)),
                                 printable(field.key), id));
    }
    if (!vocabulary.add(field.key, index)) {
      node.fail_here(fmt::format("'{}' stands twice", printable(field.key)));
    }
  }
  return vocabulary;
}

// "a b" in older files, ["a", "b"] in newer ones.
bool read_merge(const simdjson::dom::element& value, std::string_view& left,
                std::string_view& right) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    const std::size_t space = text.find(' ');
    if (space == text.npos || text.find(' ', space + 1) != text.npos) return false;
    left = text.substr(0, space);
    right = text.substr(space + 1);
    return true;
  }
  simdjson::dom::array pair;
  return value.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
         pair.at(0).get(left) == simdjson::SUCCESS && pair.at(1).get(right) == simdjson::SUCCESS;
}

MergeTable read_merges(const JsonNode& node, const Vocabulary& vocabulary,
                       std::string_view prefix) {
  const simdjson::dom::array array = node.array();
  MergeTable merges;
  merges.reserve(array.size());
  std::string merged;
  std::uint32_t rank = 0;
  for (const simdjson::dom::element value : array) {
    std::string_view left;
    std::string_view right;
    if (!read_merge(value, left, right) || right.size() < prefix.size()) {
      node.fail_here(fmt::format("merge {} is not a pair of tokens", rank));
    }
    merged.assign(left).append(right.substr(prefix.size()));
    const std::array<std::string_view, 3> texts = {left, right, merged};
    std::array<std::int32_t, 3> ids{};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      ids[i] = vocabulary.find(texts[i]);
      if (ids[i] == kNoToken) {
        node.fail_here(
            fmt::format("merge {}: '{}' is not in the vocabulary", rank, printable(texts[i])));
      }
    }
    if (rank >= MergeTable::kMaxRanks) node.fail_here("too many merges");
    merges.set(ids[0], ids[1], rank++, ids[2]);
  }
  return merges;
}

Bpe read_model(const JsonNode& node) {
  const std::string_view type = node.string("type", "BPE");
  if (type != "BPE") node.fail_here(fmt::format("unknown model '{}'", printable(type)));
  node.allow({"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
              "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"});
  if (node.find("dropout")) node.fail_here("dropout is not supported");
  BpeOptions options;
  options.byte_fallback = node.boolean("byte_fallback", false);
  options.fuse_unk = node.boolean("fuse_unk", false);
  options.ignore_merges = node.boolean("ignore_merges", false);
  options.unk_token = node.string("unk_token", "");
  options.continuing_subword_prefix = node.string("continuing_subword_prefix", "");
  options.end_of_word_suffix = node.string("end_of_word_suffix", "");
  Vocabulary vocabulary = read_vocabulary(node.at("vocab"));
  MergeTable merges = read_merges(node.at("merges"), vocabulary, options.continuing_subword_prefix);
  return Bpe(std::move(vocabulary), std::move(merges), std::move(options));
}

AddedToken read_added_token(const JsonNode& node) {
  node.allow({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
  AddedToken token;
  token.id = read_id(node.at("id"));
  token.content = node.at("content").string();
  token.special = node.boolean("special", false);
  token.normalized = node.boolean("normalized", !token.special);
  token.single_word = node.boolean("single_word", false);
  token.left_strip = node.boolean("lstrip", false);
  token.right_strip = node.boolean("rstrip", false);
  return token;
}

TokenizerParts read_parts(const JsonNode& root, std::string_view what) {
  // Cutting and padding to a length are for batches; encode() gives the whole text.
  root.allow({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
              "post_processor", "decoder", "model"});
  if (const std::string_view version = root.string("version", "1.0"); version != "1.0") {
    root.fail_here(fmt::format("unknown version '{}'", printable(version)));
  }
  TokenizerParts parts;
  parts.model = read_model(root.at("model"));
  if (const auto node = root.find("normalizer")) {
    for_each_step(*node, "normalizers",
                  [&](const JsonNode& step) { parts.normalizer.add(read_normalizer(step)); });
  }
  if (const auto node = root.find("pre_tokenizer")) {
    for_each_step(*node, "pretokenizers",
                  [&](const JsonNode& step) { parts.pre_tokenizer.add(read_pre_tokenizer(step)); });
  }
  if (const auto node = root.find("decoder")) {
    for_each_step(*node, "decoders",
                  [&](const JsonNode& step) { parts.decoder.add(read_decoder(step)); });
  }
  if (const auto node = root.find("post_processor")) {
    for_each_step(*node, "processors",
                  [&](const JsonNode& step) { add_post_processor(step, parts); });
  }
  if (const auto node = root.find("added_tokens")) {
    for (const JsonNode& token : node->items()) parts.added.push_back(read_added_token(token));
  }
  finish_parts(parts, what);
  return parts;
}

TokenizerParts parts_from_json(std::string_view text, std::string_view what) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::dom::element root;
  const simdjson::error_code error = parser.parse(padded).get(root);
  require(error == simdjson::SUCCESS, "{}: not valid JSON: {}", what,
          simdjson::error_message(error));
  return read_parts(JsonNode(root, what, ""), what);
}

// tokenizer_config.json names a token by its text, or by an object with its text as content.
std::optional<std::int32_t> configured_token(const Json& config, const char* key,
                                             const TokenizerParts& parts) {
  const auto found = config.find(key);
  if (found == config.end()) return std::nullopt;
  const Json& value = found->is_object() ? found->value("content", Json()) : *found;
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  std::int32_t id = parts.model.vocabulary().find(text);
  if (id == kNoToken) id = parts.added_texts.find(text);
  if (id == kNoToken) return std::nullopt;
  return id;
}

bool configured_flag(const Json& config, const char* key) {
  const auto found = config.find(key);
  return found != config.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

Tokenizer Tokenizer::from_json(std::string_view tokenizer_json, std::string_view what) {
  return Tokenizer(parts_from_json(tokenizer_json, what));
}

Tokenizer Tokenizer::from_folder(const std::filesystem::path& folder) {
  const MappedFile file(folder / "tokenizer.json");
  TokenizerParts parts = parts_from_json(file.text(), file.path().string());
  const std::filesystem::path config_path = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(config_path)) return Tokenizer(std::move(parts));
  const Json config = read_json_file(config_path);
  require(config.is_object(), "{}: expected an object", config_path.string());
  parts.bos = configured_token(config, "bos_token", parts);
  parts.eos = configured_token(config, "eos_token", parts);
  parts.pad = configured_token(config, "pad_token", parts);
  if (configured_flag(config, "add_bos_token") && parts.bos && parts.prefix.empty()) {
    parts.prefix = {*parts.bos};
  }
  if (configured_flag(config, "add_eos_token") && parts.eos && parts.suffix.empty()) {
    parts.suffix = {*parts.eos};
  }
  return Tokenizer(std::move(parts));
}

}  // namespace frugal::text

#include "text/byte_level_tokenizer.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "text/gguf_pre_tokenizers.h"
#include "text/tokenizer.h"

namespace frugal::text {

namespace {

// tokenizer.ggml.token_type
constexpr std::int32_t kNormal = 1;
constexpr std::int32_t kControl = 3;
constexpr std::int32_t kUserDefined = 4;
constexpr std::int32_t kUnused = 5;

// Text on which the known pre-tokenizers differ from each other.
constexpr std::string_view kProbe =
    "It's 12345.678 o'clock,   she'LL   say: hello_world!!\r\n\n\tif (x==y) { return a[10]; }  \n"
    "السَّلَامُ عَلَيْكُمْ ١٢٣ أهلاً 你好，世界！２０２５年。 こんにちは 안녕 Привет naïve cafe\u0301 "
    "👩‍👩‍👧 🎉🎉 x²½ \u00A0 end  ";

void put(std::vector<std::string>& tokens, std::int64_t id, const std::string& text,
         const std::string& what) {
  require(id >= 0 && id < (1 << 24), "{}: token {} has id {}", what, printable(text), id);
  if (static_cast<std::size_t>(id) >= tokens.size())
    tokens.resize(static_cast<std::size_t>(id) + 1);
  tokens[static_cast<std::size_t>(id)] = text;
}

void read_merges(const Json& merges, const std::string& what, ByteLevelTokenizer& out) {
  for (const Json& merge : merges) {
    if (merge.is_array() && merge.size() == 2) {
      out.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
      continue;
    }
    require(merge.is_string(), "{}: a merge is neither a pair nor a string", what);
    const auto text = merge.get<std::string>();
    const std::size_t space = text.find(' ', 1);
    require(space != std::string::npos, "{}: the merge {} is no pair", what, printable(text));
    out.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
  }
}

// A GGUF file's bytes with this tokenizer and nothing else.
std::string metadata_bytes(const ByteLevelTokenizer& tokenizer) {
  formats::GgufMetadataBuilder builder;
  set_gguf_tokenizer(tokenizer, static_cast<std::int64_t>(tokenizer.tokens.size()), builder);
  std::string bytes = "GGUF";
  const auto append = [&](auto number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
  };
  append(std::uint32_t{3});
  append(std::uint64_t{0});
  append(builder.count());
  bytes += builder.encoded();
  return bytes;
}

bool gives_ids(const ByteLevelTokenizer& tokenizer, const std::vector<std::int32_t>& wanted) {
  const std::string bytes = metadata_bytes(tokenizer);
  const formats::GgufFile file =
      formats::parse_gguf(std::as_bytes(std::span(bytes)), "the new file");
  return Tokenizer::from_gguf(file.metadata).encode(kProbe, {.add_special_tokens = false}) ==
         wanted;
}

std::string find_pre_tokenizer(ByteLevelTokenizer tokenizer, const Tokenizer& original,
                               const std::string& what) {
  const std::vector<std::int32_t> wanted = original.encode(kProbe, {.add_special_tokens = false});
  std::string tried;
  for (const std::string_view name : pre_tokenizer_names()) {
    tokenizer.pre_tokenizer = name;
    if (gives_ids(tokenizer, wanted)) return tokenizer.pre_tokenizer;
    tried += (tried.empty() ? "" : ", ") + std::string(name);
  }
  fail("{}: none of the pre-tokenizers that GGUF knows gives its ids; tried {}", what, tried);
}

Json pre_tokenizer_json(const NamedPreTokenizer& named) {
  Json pieces = Json::array();
  for (const std::string_view pattern : named.patterns) {
    pieces.push_back({{"type", "Split"},
                      {"pattern", {{"Regex", pattern}}},
                      {"behavior", "Isolated"},
                      {"invert", false}});
  }
  pieces.push_back({{"type", "ByteLevel"},
                    {"add_prefix_space", false},
                    {"trim_offsets", true},
                    {"use_regex", false}});
  return {{"type", "Sequence"}, {"pretokenizers", pieces}};
}

// Puts the start token before every text.
Json post_processor_json(const ByteLevelTokenizer& tokenizer) {
  if (!tokenizer.add_bos || !tokenizer.bos) return nullptr;
  const std::string& bos = tokenizer.tokens[static_cast<std::size_t>(*tokenizer.bos)];
  const Json start = {{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
  const Json a = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json b = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({start, a})},
          {"pair", Json::array({start, a, b})},
          {"special_tokens", {{bos, {{"id", bos}, {"ids", {*tokenizer.bos}}, {"tokens", {bos}}}}}}};
}

}  // namespace

ByteLevelTokenizer read_byte_level_folder(const std::filesystem::path& folder,
                                          const std::string& pre_tokenizer) {
  const std::filesystem::path path = folder / "tokenizer.json";
  const std::string what = path.string();
  const Json json = read_json_file(path);
  const Tokenizer original = Tokenizer::from_folder(folder);  // also checks every part of the file
  const Json& model = json.at("model");
  require(model.value("type", "BPE") == "BPE" && !model.value("byte_fallback", false),
          "{}: only byte-level BPE can be written into GGUF", what);
  ByteLevelTokenizer out;
  for (const auto& [text, id] : model.at("vocab").items())
    put(out.tokens, id.get<std::int64_t>(), text, what);
  read_merges(model.at("merges"), what, out);
  if (json.contains("added_tokens")) {
    for (const Json& token : json["added_tokens"]) {
      const auto id = token.at("id").get<std::int32_t>();
      const auto content = token.at("content").get<std::string>();
      put(out.tokens, id, content, what);
      out.added.push_back({id, content, token.value("special", false)});
    }
  }
  out.bos = original.bos_id();
  out.eos = original.eos_id();
  out.pad = original.pad_id();
  const std::vector<std::int32_t> empty = original.encode("");
  out.add_bos = !empty.empty() && out.bos && empty.front() == *out.bos;
  out.pre_tokenizer =
      pre_tokenizer.empty() ? find_pre_tokenizer(out, original, what) : pre_tokenizer;
  return out;
}

ByteLevelTokenizer read_byte_level_gguf(const formats::GgufMetadata& metadata) {
  const std::string what = metadata.file().string();
  require(metadata.get_string("tokenizer.ggml.model") == "gpt2",
          "{}: only byte-level BPE (tokenizer.ggml.model gpt2) can be written as tokenizer.json",
          what);
  const Tokenizer original = Tokenizer::from_gguf(metadata);  // also checks every key
  ByteLevelTokenizer out;
  for (const std::string_view token : metadata.get_strings("tokenizer.ggml.tokens"))
    out.tokens.emplace_back(token);
  for (const std::string_view line : metadata.get_strings("tokenizer.ggml.merges")) {
    const std::size_t space = line.find(' ', 1);
    out.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  for (std::size_t i = 0; i < out.tokens.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (original.is_special(id)) out.added.push_back({id, out.tokens[i], true});
  }
  if (const auto types = metadata.find_ints("tokenizer.ggml.token_type")) {
    for (std::size_t i = 0; i < types->size(); ++i) {
      if ((*types)[i] == kUserDefined)
        out.added.push_back({static_cast<std::int32_t>(i), out.tokens[i], false});
    }
  }
  std::ranges::sort(out.added, {}, &ByteLevelTokenizer::Added::id);
  out.pre_tokenizer = metadata.find_string("tokenizer.ggml.pre").value_or("");
  out.bos = original.bos_id();
  out.eos = original.eos_id();
  out.pad = original.pad_id();
  const std::vector<std::int32_t> empty = original.encode("");
  out.add_bos = !empty.empty() && out.bos && empty.front() == *out.bos;
  return out;
}

Json tokenizer_json(const ByteLevelTokenizer& tokenizer) {
  const NamedPreTokenizer named = named_pre_tokenizer(tokenizer.pre_tokenizer, "the tokenizer");
  Json added = Json::array();
  for (const ByteLevelTokenizer::Added& token : tokenizer.added) {
    added.push_back({{"id", token.id},
                     {"content", token.content},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", token.special}});
  }
  Json merges = Json::array();
  for (const auto& [left, right] : tokenizer.merges) merges.push_back(Json::array({left, right}));
  Json::object_t vocabulary;
  for (std::size_t id = 0; id < tokenizer.tokens.size(); ++id) {
    // Past the object's own insertion, which looks at every earlier key.
    if (!tokenizer.tokens[id].empty())
      vocabulary.Json::object_t::Container::emplace_back(tokenizer.tokens[id], id);
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", named.nfc ? Json{{"type", "NFC"}} : Json()},
          {"pre_tokenizer", pre_tokenizer_json(named)},
          {"post_processor", post_processor_json(tokenizer)},
          {"decoder",
           {{"type", "ByteLevel"},
            {"add_prefix_space", true},
            {"trim_offsets", true},
            {"use_regex", true}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", named.ignore_merges},
            {"vocab", vocabulary},
            {"merges", merges}}}};
}

Json tokenizer_config_json(const ByteLevelTokenizer& tokenizer, const std::string& chat_template) {
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"clean_up_tokenization_spaces", false}};
  const auto name = [&](const char* key, const std::optional<std::int32_t>& id) {
    if (id) config[key] = tokenizer.tokens.at(static_cast<std::size_t>(*id));
  };
  name("bos_token", tokenizer.bos);
  name("eos_token", tokenizer.eos);
  name("pad_token", tokenizer.pad);
  if (!chat_template.empty()) config["chat_template"] = chat_template;
  return config;
}

void set_gguf_tokenizer(const ByteLevelTokenizer& tokenizer, std::int64_t vocab_size,
                        formats::GgufMetadataBuilder& metadata) {
  require(static_cast<std::int64_t>(tokenizer.tokens.size()) <= vocab_size,
          "the tokenizer has {} ids, the model only {}", tokenizer.tokens.size(), vocab_size);
  std::vector<std::string> tokens = tokenizer.tokens;
  std::vector<std::int32_t> types(tokens.size(), kNormal);
  for (const ByteLevelTokenizer::Added& token : tokenizer.added) {
    types[static_cast<std::size_t>(token.id)] = token.special ? kControl : kUserDefined;
  }
  tokens.resize(static_cast<std::size_t>(vocab_size));
  types.resize(tokens.size(), kUnused);
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (!tokens[id].empty()) continue;
    tokens[id] = fmt::format("[PAD{}]", id);  // llama.cpp wants a text for every id
    types[id] = kUnused;
  }
  std::vector<std::string> merges;
  merges.reserve(tokenizer.merges.size());
  for (const auto& [left, right] : tokenizer.merges)
    merges.push_back(fmt::format("{} {}", left, right));
  metadata.set_string("tokenizer.ggml.model", "gpt2");
  metadata.set_string("tokenizer.ggml.pre", tokenizer.pre_tokenizer);
  metadata.set_strings("tokenizer.ggml.tokens", tokens);
  metadata.set_ints("tokenizer.ggml.token_type", types);
  metadata.set_strings("tokenizer.ggml.merges", merges);
  const auto id = [&](const char* key, const std::optional<std::int32_t>& value) {
    if (value) metadata.set_u32(key, static_cast<std::uint32_t>(*value));
  };
  id("tokenizer.ggml.bos_token_id", tokenizer.bos);
  id("tokenizer.ggml.eos_token_id", tokenizer.eos);
  id("tokenizer.ggml.padding_token_id", tokenizer.pad);
  metadata.set_bool("tokenizer.ggml.add_bos_token", tokenizer.add_bos);
}

}  // namespace frugal::text

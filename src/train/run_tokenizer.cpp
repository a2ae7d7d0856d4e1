#include "train/run_tokenizer.h"

#include <array>

#include "base/error.h"
#include "base/json.h"
#include "base/mapped_file.h"

namespace frugal::train {

namespace {

constexpr const char* kEnd = "<｜end▁of▁sentence｜>";
constexpr const char* kFimHole = "<｜fim▁hole｜>";
constexpr const char* kFimBegin = "<｜fim▁begin｜>";
constexpr const char* kFimEnd = "<｜fim▁end｜>";

// GPT-2 writes each byte as one printable character: itself where it is one, else from U+0100 on.
std::array<std::string, 256> byte_characters() {
  std::array<std::string, 256> characters;
  int moved = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    const int code = printable ? byte : 0x100 + moved++;
    std::string& utf8 = characters[static_cast<std::size_t>(byte)];
    if (code >= 0x80) utf8.push_back(static_cast<char>(0xC0 | (code >> 6)));
    utf8.push_back(static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F)));
  }
  return characters;
}

std::string byte_tokenizer_json() {
  Json vocab = Json::object();
  int id = 0;
  for (const std::string& character : byte_characters()) vocab[character] = id++;
  Json added = Json::array();
  for (const char* content : {kEnd, kFimHole, kFimBegin, kFimEnd}) {
    added.push_back({{"id", id++},
                     {"content", content},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", false},
                           {"trim_offsets", true},
                           {"use_regex", false}};
  const Json json = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", added},
                     {"normalizer", nullptr},
                     {"pre_tokenizer", byte_level},
                     {"post_processor", nullptr},
                     {"decoder", byte_level},
                     {"model",
                      {{"type", "BPE"},
                       {"dropout", nullptr},
                       {"unk_token", nullptr},
                       {"continuing_subword_prefix", nullptr},
                       {"end_of_word_suffix", nullptr},
                       {"fuse_unk", false},
                       {"byte_fallback", false},
                       {"ignore_merges", false},
                       {"vocab", vocab},
                       {"merges", Json::array()}}}};
  return json.dump(1);
}

std::string read_text(const std::filesystem::path& path) {
  return std::string(MappedFile(path).text());
}

std::optional<FimTokens> fim_of(const text::Tokenizer& tokenizer) {
  const auto begin = tokenizer.id_of(kFimBegin);
  const auto hole = tokenizer.id_of(kFimHole);
  const auto end = tokenizer.id_of(kFimEnd);
  if (!begin || !hole || !end) return std::nullopt;
  return FimTokens{*begin, *hole, *end};
}

}  // namespace

RunTokenizer load_tokenizer(const std::filesystem::path& path) {
  std::string json;
  std::string config;
  std::optional<std::int32_t> end;
  if (path.empty()) {
    json = byte_tokenizer_json();
  } else if (std::filesystem::is_directory(path)) {
    json = read_text(path / "tokenizer.json");
    if (std::filesystem::exists(path / "tokenizer_config.json")) {
      config = read_text(path / "tokenizer_config.json");
    }
    end = text::Tokenizer::from_folder(path).eos_id();
  } else {
    json = read_text(path);
  }
  const std::string what = path.empty() ? "the tokenizer of bytes" : path.string();
  text::Tokenizer tokenizer = text::Tokenizer::from_json(json, what);
  for (const char* name : {kEnd, "<|endoftext|>", "</s>", "<|end_of_text|>", "<|im_end|>"}) {
    if (!end) end = tokenizer.id_of(name);
  }
  require(end.has_value(), "{}: no token marks the end of a text", what);
  if (config.empty()) {
    config = Json{
        {"tokenizer_class", "PreTrainedTokenizerFast"},
        {"eos_token", tokenizer.token_text(*end)},
        {"clean_up_tokenization_spaces",
         false}}.dump(1);
  }
  const auto fim = fim_of(tokenizer);
  return {std::move(tokenizer), std::move(json), std::move(config), *end, fim};
}

}  // namespace frugal::train

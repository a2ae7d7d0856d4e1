#include "train/run_tokenizer.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "text/bpe_trainer.h"

namespace frugal::train {

namespace {

constexpr const char* kEnd = "<｜end▁of▁sentence｜>";
constexpr const char* kFimHole = "<｜fim▁hole｜>";
constexpr const char* kFimBegin = "<｜fim▁begin｜>";
constexpr const char* kFimEnd = "<｜fim▁end｜>";

// Its special tokens and the 256 bytes: training without a text merges nothing.
std::string byte_tokenizer_json() {
  const text::BpeTrainerOptions options = {.vocab_size = 4 + 256,
                                           .special_tokens = {kEnd, kFimHole, kFimBegin, kFimEnd}};
  return text::BpeTrainer(options).train().dump(1);
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

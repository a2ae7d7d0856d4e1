// A byte-level BPE tokenizer as plain lists, between the two kinds of files that hold one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "formats/gguf.h"

namespace frugal::text {

struct ByteLevelTokenizer {
  struct Added {
    std::int32_t id = 0;
    std::string content;
    bool special = true;
  };
  std::vector<std::string> tokens;  // by id, in GPT-2's alphabet, added ones too; empty: a hole
  std::vector<std::pair<std::string, std::string>> merges;  // best first
  std::vector<Added> added;
  std::string pre_tokenizer;  // a name that GGUF files know, such as smollm or qwen2
  std::optional<std::int32_t> bos, eos, pad;
  bool add_bos = false;  // before every text
};

/// Reads tokenizer.json and tokenizer_config.json of a folder. The pre-tokenizer's name is
/// `pre_tokenizer`, or when that is empty the first known one under which a text of many scripts
/// gets the same ids. Throws Error when the folder holds another kind of tokenizer or none of the
/// names fits.
ByteLevelTokenizer read_byte_level_folder(const std::filesystem::path& folder,
                                          const std::string& pre_tokenizer);

/// Reads the keys tokenizer.ggml.*. Throws Error when the file holds another kind of tokenizer.
ByteLevelTokenizer read_byte_level_gguf(const formats::GgufMetadata& metadata);

/// A tokenizer.json that Hugging Face's library reads.
Json tokenizer_json(const ByteLevelTokenizer& tokenizer);
/// The tokenizer_config.json beside it, with the chat template where there is one.
Json tokenizer_config_json(const ByteLevelTokenizer& tokenizer, const std::string& chat_template);

/// Sets the keys tokenizer.ggml.* for a model of `vocab_size` ids; ids beyond the tokenizer's
/// become unused tokens. Throws Error when the tokenizer has more.
void set_gguf_tokenizer(const ByteLevelTokenizer& tokenizer, std::int64_t vocab_size,
                        formats::GgufMetadataBuilder& metadata);

}  // namespace frugal::text

// The tokenizer of a run: one from a file, or plain bytes.
#pragma once

#include <optional>
#include <string>

#include "text/tokenizer.h"
#include "train/windows.h"

namespace frugal::train {

/// A tokenizer together with the files that a checkpoint keeps of it.
struct RunTokenizer {
  text::Tokenizer tokenizer;
  std::string tokenizer_json;    // the file's text
  std::string tokenizer_config;  // of tokenizer_config.json
  std::int32_t end_token;        // closes a document
  std::optional<FimTokens> fim;  // when the vocabulary has the three
};

/// From a tokenizer.json or a folder with one; an empty path gives the bytes' own tokenizer: the
/// end of a text and the parts of a text with a hole, named as DeepSeek-V3 names them, then the 256
/// bytes. Throws Error when the tokenizer has no token for the end of a text.
RunTokenizer load_tokenizer(const std::filesystem::path& path);

}  // namespace frugal::train

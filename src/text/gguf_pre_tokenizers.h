// The pre-tokenizers that GGUF files know by name.
#pragma once

#include <string_view>
#include <vector>

namespace frugal::text {

/// What a name of tokenizer.ggml.pre stands for: the pieces that the models' own tokenizer.json
/// files hold.
struct NamedPreTokenizer {
  std::vector<std::string_view> names;
  std::vector<std::string_view> patterns;  // isolate their matches, one after the other
  bool nfc = false;                        // the text is normalised first
  bool ignore_merges = false;              // see BpeOptions
  bool add_bos = false;                    // where the file does not say
};

/// One name of each, in the order in which a tokenizer without a name is compared with them.
std::vector<std::string_view> pre_tokenizer_names();

/// Throws Error naming `file` and the known names when `name` is not one of them, or empty.
NamedPreTokenizer named_pre_tokenizer(std::string_view name, std::string_view file);

}  // namespace frugal::text

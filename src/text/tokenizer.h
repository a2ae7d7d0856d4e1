// Text to token ids and back, as the Rust library `tokenizers` does it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::formats {
class GgufMetadata;
}

namespace frugal::text {

struct TokenizerParts;

struct EncodeOptions {
  /// Adds what the tokenizer's post-processor adds, such as a token for the start of the text.
  bool add_special_tokens = true;
  /// Special tokens in the text, such as <|im_end|>, become their ids. Without it they are text
  /// like any other, as text that users write should be.
  bool parse_special = true;
};

/// Does not change once made, and may be shared between threads.
class Tokenizer {
 public:
  /// From the bytes of a tokenizer.json; `what` names it in errors. There is no bos_id(), eos_id()
  /// or pad_id(), which the file does not hold. Throws Error, naming the place, on bad input and on
  /// every type or option that this library does not know.
  static Tokenizer from_json(std::string_view tokenizer_json, std::string_view what);

  /// From a folder with tokenizer.json and, where there is one, tokenizer_config.json, which names
  /// the tokens for start, end and padding. Its add_bos_token and add_eos_token are obeyed when
  /// they are true, as transformers does.
  static Tokenizer from_folder(const std::filesystem::path& folder);

  /// From the vocabulary in a GGUF file: tokenizer.ggml.model "gpt2" with a pre-tokenizer that this
  /// library knows by name, or "llama" (SentencePiece). Throws Error naming the file and the key.
  static Tokenizer from_gguf(const formats::GgufMetadata& metadata);

  explicit Tokenizer(TokenizerParts parts);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// The ids of `text`. Broken UTF-8 counts as U+FFFD. Takes time in proportion to the text, up to
  /// a logarithm. Throws Error when a hostile tokenizer's pattern takes too many steps.
  std::vector<std::int32_t> encode(std::string_view text, EncodeOptions options = {}) const;

  /// The text of `ids`; ids outside the vocabulary are left out, and broken UTF-8 becomes U+FFFD.
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const;

  /// The bytes that a token in the middle of a text adds to it; they may end inside a character.
  /// Empty for ids outside the vocabulary.
  std::string_view token_bytes(std::int32_t id) const;
  /// The token as its file writes it, such as "Ġthe". Empty for ids outside the vocabulary.
  std::string_view token_text(std::int32_t id) const;
  /// The id of a token as its file writes it.
  std::optional<std::int32_t> id_of(std::string_view token) const;

  /// One more than the largest id.
  std::int32_t vocab_size() const;
  /// Whether it is a marker such as <|im_end|>, and not text.
  bool is_special(std::int32_t id) const;
  std::optional<std::int32_t> bos_id() const;
  std::optional<std::int32_t> eos_id() const;
  std::optional<std::int32_t> pad_id() const;

 private:
  friend class IncrementalDecoder;
  std::unique_ptr<const TokenizerParts> parts_;
};

/// Turns tokens into text as they come.
class IncrementalDecoder {
 public:
  /// `tokenizer` must live as long as this does.
  explicit IncrementalDecoder(const Tokenizer& tokenizer, bool skip_special_tokens = false);

  /// The text that is certain now: whole characters, with broken bytes as U+FFFD. What starts a
  /// character is kept until the next call.
  std::string push(std::int32_t id);
  /// What was kept. The next push() starts a new text.
  std::string finish();

 private:
  std::string take_whole();

  const Tokenizer& tokenizer_;
  bool skip_special_tokens_;
  std::string dropped_;    // may be dropped at the start of the text,
  std::size_t times_ = 0;  // so many times
  std::size_t drops_left_ = 0;
  std::string kept_;
};

}  // namespace frugal::text

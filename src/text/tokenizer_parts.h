// What a tokenizer is made of; the readers of files fill it in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/decoder.h"
#include "text/normalizer.h"
#include "text/pre_tokenizer.h"
#include "text/vocabulary.h"

namespace frugal::text {

struct TokenizerParts {
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  Bpe model;
  Decoder decoder;
  std::vector<AddedToken> added;
  std::vector<std::int32_t> prefix;  // the post-processor's tokens before the text
  std::vector<std::int32_t> suffix;  // and behind it
  std::optional<std::int32_t> bos, eos, pad;

  // Made from the above by finish_parts().
  AddedTokenFinder raw_finder;         // added tokens to be found before normalising
  AddedTokenFinder normalized_finder;  // and after it
  Vocabulary added_texts;              // added tokens that the model does not have
  TextTable decode_texts;              // what decoding gets to see of added tokens
  TextTable bytes;                     // Tokenizer::token_bytes of every id
  std::vector<bool> special;           // [vocab_size], Tokenizer::is_special
  std::vector<bool> skipped;           // [vocab_size], left out when decoding without specials
};

/// Fills in the second half. Throws Error naming `what` on added tokens that contradict each other
/// or the vocabulary.
void finish_parts(TokenizerParts& parts, std::string_view what);

}  // namespace frugal::text

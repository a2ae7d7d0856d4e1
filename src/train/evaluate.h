// How good the model is now: validation loss and a sample of its text.
#pragma once

#include <string>

#include "train/loss.h"
#include "train/run_tokenizer.h"

namespace frugal::train {

struct Validation {
  double loss = 0;           // nats per token
  double bits_per_byte = 0;  // of the text that the tokens stand for
};

/// Over at most `most` windows, spread evenly over the validation text.
Validation validate(Learner& learner, Windows& windows, std::int64_t most,
                    std::int64_t micro_batch_tokens, const text::Tokenizer& tokenizer);

/// What the model goes on to say after `prompt`; an empty one starts a document. The same seed
/// gives the same text.
std::string sample_text(models::Transformer& model, const RunTokenizer& tokenizer,
                        const std::string& prompt, std::int64_t tokens, std::uint64_t seed);

}  // namespace frugal::train

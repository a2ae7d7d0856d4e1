// How likely a model finds given tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/language_model.h"

namespace frugal::engine {

/// Natural logarithms of the probabilities that `model` gives to tokens [T] in turn: entry i of the
/// result [T - 1] is that of tokens[i + 1] after tokens[0, i]. Works in chunks, so that the logits
/// of all rows never stand in memory at once. Throws Error on fewer than two tokens, on more than
/// the model's positions, and on logits that are not finite.
std::vector<double> score(models::LanguageModel& model, std::span<const std::int32_t> tokens);

struct Perplexity {
  double value = 0;            // exp(mean_nll)
  double mean_nll = 0;         // nats per predicted token
  std::int64_t predicted = 0;  // tokens that were predicted
};

/// Cuts tokens [T] into consecutive windows of `context` that do not overlap, each started afresh
/// (its first token is not predicted), the last one shorter if need be. `progress`, if given, is
/// called after each window with the number of tokens done.
Perplexity perplexity(models::LanguageModel& model, std::span<const std::int32_t> tokens,
                      std::int64_t context = 512,
                      const std::function<void(std::int64_t)>& progress = {});

}  // namespace frugal::engine

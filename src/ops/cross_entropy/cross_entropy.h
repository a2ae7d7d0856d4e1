// The output head, the softmax over the vocabulary and the loss of a language model in one.
#pragma once

#include <functional>
#include <span>

#include "ops/context.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// A row whose next token is not learned.
inline constexpr std::int32_t kIgnored = -1;

/// The loss as a function of one row's log-probability: its derivative. Cross-entropy averaged over
/// n rows is -1 / n for each; a policy's objective looks at the value. Called once for each row
/// that is not ignored, from several threads at once.
using LossSlope = std::function<float(std::int64_t row, float log_probability)>;

/// log_probabilities[t] becomes log softmax(head hidden[t])[targets[t]], 0 where targets[t] is
/// kIgnored. With a slope, also adds the gradients of the loss to d_hidden [T, d] and d_head
/// [vocab_size, d] (either may be empty). hidden [T, d], head [vocab_size, d]. Throws Error on
/// targets outside the vocabulary.
void cross_entropy(const Context& context, ConstView hidden, ConstView head,
                   std::span<const std::int32_t> targets, const LossSlope& slope,
                   std::span<float> log_probabilities, View d_hidden, View d_head, Arena& scratch);

}  // namespace frugal::ops

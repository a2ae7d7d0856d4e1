// Gradients against central differences.
#pragma once

#include <functional>
#include <vector>

#include "autograd/tape.h"
#include "base/rng.h"

namespace frugal::autograd::testing {

/// A trainable float parameter [n, k] of random values times `scale`, plus `offset`.
Parameter random_parameter(Rng& rng, std::int64_t n, std::int64_t k, float scale = 1,
                           float offset = 0);

/// Rows as a value on the tape: row t is row t of the parameter.
View value_of(Tape& tape, const Parameter& parameter);

/// One part per length, packed.
ops::SequenceLayout packed(const std::vector<std::int64_t>& lengths);

/// Runs a piece of a model on a tape.
using Graph = std::function<View(Tape& tape)>;

/// Weights the graph's result by fixed random numbers and compares the gradient of the sum, for
/// elements of every parameter, with what small changes of the element do to it.
void check_gradients(const ops::Context& context, std::vector<Parameter*> parameters,
                     const Graph& graph, const RecordingOptions& options = {});

}  // namespace frugal::autograd::testing

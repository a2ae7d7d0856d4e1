// Random arrivals, cancels and budgets: every answer is that of the request running alone.
#pragma once

#include <cstdint>

#include "engine/engine.h"

namespace frugal::engine::testing {

/// Sends `count` random requests at random times to an engine with random options over `model`, and
/// compares each answer, log-probabilities included, with that of the request running alone, its
/// prompt in one chunk.
void expect_answers_as_alone(models::LanguageModel& model, std::uint64_t seed, RequestId count);

}  // namespace frugal::engine::testing

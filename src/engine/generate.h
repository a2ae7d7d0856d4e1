// Answers to many requests at once, for callers that wait for all of them.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"

namespace frugal::engine {

struct Completion {
  std::vector<Sample> tokens;  // with the stop token, if one ended it
  std::string text;
  Finish finish;
};

/// Runs an idle engine until every request has ended; entry i answers requests[i]. Throws as
/// Engine::submit() does before anything runs; an error later is in that completion's finish.
std::vector<Completion> generate(Engine& engine, std::vector<Request> requests);

}  // namespace frugal::engine

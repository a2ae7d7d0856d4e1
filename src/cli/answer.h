// One answer of a model, as it comes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/interrupt.h"
#include "engine/engine.h"

namespace frugal::cli {

struct Answer {
  std::vector<std::int32_t> tokens;
  engine::Finish finish;
  double prompt_seconds = 0;  // until the first token
  double answer_seconds = 0;  // after it

  /// Tokens a second, the first one aside; 0 when there is no more than that.
  double speed() const;
};

/// "31 of 40 drafted tokens were right".
std::string acceptance(const engine::Finish& finish);

/// Runs one request on an idle engine; `on_text` gets its text in pieces. Ctrl-C cancels it. Throws
/// Error when the engine does, and when the model failed.
Answer run_request(engine::Engine& engine, engine::Request request, const InterruptWatch& watch,
                   const std::function<void(std::string_view text)>& on_text);

}  // namespace frugal::cli

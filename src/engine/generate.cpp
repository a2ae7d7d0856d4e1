#include "engine/generate.h"

#include <utility>

#include "base/error.h"

namespace frugal::engine {

std::vector<Completion> generate(Engine& engine, std::vector<Request> requests) {
  require(engine.idle(), "the engine is busy");
  for (const Request& request : requests) engine.check(request);
  for (std::size_t i = 0; i < requests.size(); ++i) engine.submit(i, std::move(requests[i]));
  std::vector<Completion> completions(requests.size());
  while (!engine.idle()) {
    for (Event& event : engine.step()) {
      Completion& completion = completions[event.request];
      if (event.token) completion.tokens.push_back(std::move(*event.token));
      completion.text += event.text;
      if (event.finish) completion.finish = std::move(*event.finish);
    }
  }
  return completions;
}

}  // namespace frugal::engine

// Runs a parsed template.
#pragma once

#include <ctime>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "text/jinja/ast.h"
#include "text/jinja/budget.h"

namespace frugal::text::jinja {

struct RenderOptions {
  Limits limits;
  std::function<std::tm()> now;  // what strftime_now() formats; by default the local time
};

/// The text that `whole` makes of the members of `variables`, an object. Throws Error with `name`,
/// line and column where Jinja raises, and when a limit is reached.
std::string render(const Body& whole, std::string_view name, const Json& variables,
                   const RenderOptions& options);

}  // namespace frugal::text::jinja

// What has to be known about a template before it runs.
#pragma once

#include <string_view>

#include "text/jinja/ast.h"

namespace frugal::text::jinja {

/// Throws Error on filters and tests that do not exist; inside of an `if`, where a template may ask
/// first, only using one is an error. Also finds which macros use `caller`, `kwargs` and `varargs`.
void analyze(Block& block, std::string_view name);

}  // namespace frugal::text::jinja

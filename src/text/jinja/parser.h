// Parses a template.
#pragma once

#include <string_view>

#include "text/jinja/ast.h"

namespace frugal::text::jinja {

/// Throws Error with `name`, line and column on bad syntax, on tags, filters and tests that do not
/// exist, and on nesting beyond what the interpreter's stack is good for.
Body parse(std::string_view source, std::string_view name);

}  // namespace frugal::text::jinja

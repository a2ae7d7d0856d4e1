// Jinja decides before a template runs which names belong to which body.
#pragma once

#include "text/jinja/ast.h"

namespace frugal::text::jinja {

/// Fills in Body::hidden of `whole`, the template itself, and of all bodies inside. Follows Jinja's
/// idtracking: a body that sets a name, and neither reads it before nor is inside of a body that
/// uses it, has that name for itself from its start; before the assignment it is undefined.
void find_hidden_names(Body& whole);

}  // namespace frugal::text::jinja

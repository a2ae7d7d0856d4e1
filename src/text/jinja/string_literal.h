// The escapes in a quoted string of a template.
#pragma once

#include <string>
#include <string_view>

namespace frugal::text::jinja {

/// Resolves \n, \x41, \u1234 and the others of Python. Throws Error on an escape that is cut short
/// or names no character; one that Python does not know stays as it is.
std::string unescape(std::string_view text);

}  // namespace frugal::text::jinja

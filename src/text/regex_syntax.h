// The regular expressions of tokenizer.json are written for Oniguruma; PCRE2 runs them.
#pragma once

#include <string>
#include <string_view>

namespace frugal::text {

/// Rewrites an Oniguruma pattern (its Ruby-like default syntax, UTF-8) for PCRE2 with the options
/// UTF, UCP and MULTILINE, where the two differ in meaning: \s \w \h \v and \u. Throws Error naming
/// `what` and the construct where PCRE2 has no such thing or means something else by it: class
/// intersections, nested classes, absent groups, verbs, possessive intervals.
std::string pcre2_pattern(std::string_view oniguruma, std::string_view what);

}  // namespace frugal::text

// The tests that may follow `is`.
#pragma once

#include <string_view>

#include "text/jinja/methods.h"

namespace frugal::text::jinja {

/// The test of that name, which returns a boolean, or null. Its `self` is what stands before `is`.
const Method* find_test(std::string_view name);

}  // namespace frugal::text::jinja

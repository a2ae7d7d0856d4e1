// Words that mean nothing, so that a model learns to follow what is done with a thing or by a
// person that it never heard of.
#pragma once

#include <string>
#include <string_view>

#include "tasks/generated/generator.h"
#include "tasks/generated/telling.h"

namespace frugal::tasks {

Thing make_up_thing(const Draw& draw, std::string_view language);

std::string make_up_name(const Draw& draw, std::string_view language);

}  // namespace frugal::tasks

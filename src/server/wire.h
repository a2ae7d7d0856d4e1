// JSON, server-sent events and times as they go over the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace frugal::server {

/// One line of JSON; broken UTF-8 becomes U+FFFD.
std::string to_wire(const Json& json);

/// A server-sent event of that JSON, with a name in Anthropic's streams.
std::string to_event(const Json& json, std::string_view name = {});

/// Seconds since 1970.
std::int64_t unix_time();

/// `prefix` and 24 random letters and digits.
std::string new_id(std::string_view prefix);

}  // namespace frugal::server

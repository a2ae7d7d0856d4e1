// Python's two ways to format text: "%s" % x and "{}".format(x).
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// `format % arguments`; a tuple holds several arguments, a dict named ones.
Value format_printf(Budget& budget, const Value& format, const Value& arguments);

/// The methods str.format and str.format_map.
Value format_braces(const Call& call);
Value format_map(const Call& call);

/// Python's format(value, spec), where spec is such as ">8.2f". Throws Error for a spec that the
/// type does not understand.
std::string format_value(Budget& budget, const Value& value, std::string_view spec);

/// The fields of a spec: [[fill]align][sign][#][0][width][grouping][.precision][type].
struct FormatSpec {
  std::string fill = " ";
  char align = 0;  // one of < > ^ =, or 0 for the default of the type
  char sign = '-';
  bool alternate = false;
  std::int64_t width = 0;
  char grouping = 0;  // , or _
  std::int64_t precision = -1;
  char type = 0;
};

std::string format_integer(Budget& budget, std::int64_t value, const FormatSpec& spec);
std::string format_real(Budget& budget, double value, const FormatSpec& spec);
std::string format_string(Budget& budget, std::string_view text, const FormatSpec& spec);

}  // namespace frugal::text::jinja

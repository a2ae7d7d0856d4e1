// Python's operators, and how Jinja's sandbox reads attributes and items.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

enum class Operator { add, subtract, multiply, divide, floor_divide, modulo, power };

/// Throws Error where Python raises (types that do not fit, division by zero), and where an
/// integer would leave 64 bits, which Python's would not.
Value apply(Budget& budget, Operator op, const Value& a, const Value& b);
Value negate(Budget& budget, const Value& value);
Value plus(Budget& budget, const Value& value);

/// `item in container`.
bool contains(Budget& budget, const Value& container, const Value& item);

/// `object.name`: an attribute or method, else the item of that name, else undefined.
Value get_attribute(Budget& budget, const Value& object, const std::string& name);
/// The attribute or method alone, or nothing.
std::optional<Value> find_attribute(Budget& budget, const Value& object, const std::string& name);
/// `object[index]`: the item, else the attribute of that name, else undefined.
Value get_item(Budget& budget, const Value& object, const Value& index);
/// `object[start:stop:step]`; None stands for what is left out.
Value get_slice(Budget& budget, const Value& object, const Value& start, const Value& stop,
                const Value& step);

Value call(Budget& budget, const Value& callee, const Arguments& arguments);

/// Text with & < > ' " replaced as in HTML, as the filter `escape` does.
std::string escaped(Budget& budget, std::string_view text);

}  // namespace frugal::text::jinja

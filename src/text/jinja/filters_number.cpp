// Filters that make numbers.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

// The digits with single underscores between them taken out, or nothing when they stand elsewhere.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || i + 1 == text.size() || text[i - 1] == '_') {
      return std::nullopt;
    }
  }
  return out;
}

bool is_prefix_of_base(std::string_view text, std::int64_t base) {
  if (text.size() < 2 || text[0] != '0') return false;
  const char letter = static_cast<char>(text[1] | 0x20);
  return (base == 2 && letter == 'b') || (base == 8 && letter == 'o') ||
         (base == 16 && letter == 'x');
}

// Python's int(text, base), or nothing when it raises a ValueError.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base) {
  if (base != 0 && (base < 2 || base > 36)) return std::nullopt;
  text = strip_right(strip_left(text));
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (base == 0) {
    base = is_prefix_of_base(text, 2)    ? 2
           : is_prefix_of_base(text, 8)  ? 8
           : is_prefix_of_base(text, 16) ? 16
                                         : 10;
    const bool zeros = text.find_first_not_of("0_") == std::string_view::npos;
    if (base == 10 && text.starts_with('0') && !zeros) return std::nullopt;
  }
  if (is_prefix_of_base(text, base)) {
    text.remove_prefix(2);
    if (text.starts_with('_')) text.remove_prefix(1);
  }
  const std::optional<std::string> digits = without_underscores(text);
  if (!digits || digits->empty() || (*digits)[0] == '-' || (*digits)[0] == '+') {
    return std::nullopt;
  }
  const std::string signed_digits = (negative ? "-" : "") + *digits;
  std::int64_t value = 0;
  const char* end = signed_digits.data() + signed_digits.size();
  const auto result = std::from_chars(signed_digits.data(), end, value, static_cast<int>(base));
  if (result.ec == std::errc::invalid_argument || result.ptr != end) return std::nullopt;
  require(result.ec == std::errc(), "the number {} leaves the range of 64 bits",
          printable(signed_digits));
  return value;
}

// Python's float(text), or nothing when it raises a ValueError.
std::optional<double> parse_real(std::string_view text) {
  text = strip_right(strip_left(text));
  const std::optional<std::string> plain = without_underscores(text);
  if (!plain) return std::nullopt;
  std::string lower = to_lower(*plain);
  std::string_view body = lower;
  if (body.starts_with('-') || body.starts_with('+')) body.remove_prefix(1);
  const bool word = body == "inf" || body == "infinity" || body == "nan";
  // What strtod would take and Python does not: hexadecimal, and nan(...).
  if (!word && body.find_first_not_of("0123456789.e+-") != std::string_view::npos) {
    return std::nullopt;
  }
  char* end = nullptr;
  const double value = std::strtod(lower.c_str(), &end);
  if (lower.empty() || end != lower.c_str() + lower.size() || body.starts_with('+') ||
      body.starts_with('-')) {
    return std::nullopt;
  }
  return value;
}

std::int64_t truncated(double value) {
  require(!std::isinf(value), "cannot convert float infinity to integer");
  require(std::fabs(value) < 9.2e18, "the number {} leaves the range of 64 bits", value);
  return static_cast<std::int64_t>(value);
}

Value to_integer(const Call& call) {
  const Parameters parameters(call, {"default", "base"});
  Value otherwise = parameters.get(0) == nullptr ? Value::integer(0) : parameters[0];
  const Value base = parameters.get(1) == nullptr ? Value::integer(10) : parameters[1];
  const Value& value = call.self;
  if (value.is(Kind::undefined)) fail("{}", value.hint());
  if (value.is_integral()) return Value::integer(value.integer());
  if (value.is(Kind::real)) {
    return std::isnan(value.real()) ? otherwise : Value::integer(truncated(value.real()));
  }
  if (!value.is(Kind::string)) return otherwise;
  if (base.is_integral()) {
    const auto whole = parse_integer(value.text(), base.integer());
    if (whole) return Value::integer(*whole);
  }
  const std::optional<double> real = parse_real(value.text());
  if (!real || !std::isfinite(*real)) return otherwise;
  return Value::integer(truncated(*real));
}

Value to_real(const Call& call) {
  const Parameters parameters(call, {"default"});
  Value otherwise = parameters.get(0) == nullptr ? Value::real(0) : parameters[0];
  if (call.self.is(Kind::undefined)) fail("{}", call.self.hint());
  if (call.self.is_number()) return Value::real(call.self.real());
  if (!call.self.is(Kind::string)) return otherwise;
  const std::optional<double> value = parse_real(call.self.text());
  return value ? Value::real(*value) : otherwise;
}

Value absolute(const Call& call) {
  const Parameters none(call, {});
  require(call.self.is_number(), "bad operand type for abs(): '{}'", type_name(call.self));
  if (call.self.is(Kind::real)) return Value::real(std::fabs(call.self.real()));
  return call.self.integer() < 0 ? negate(call.budget, call.self)
                                 : Value::integer(call.self.integer());
}

// Python's round(): to the nearest, and from halfway to the even neighbour.
Value rounded(const Value& value, std::int64_t digits) {
  if (value.is_integral() && digits >= 0) return Value::integer(value.integer());
  if (digits < 0) {
    const long double unit =
        std::pow(10.0L, static_cast<long double>(-std::max<std::int64_t>(digits, -400)));
    const long double scaled =
        (value.is_integral() ? static_cast<long double>(value.integer()) : value.real()) / unit;
    const long double result = std::isinf(unit) ? 0 : std::nearbyint(scaled) * unit;
    if (!value.is_integral()) return Value::real(static_cast<double>(result));
    require(std::fabs(result) < 9.2e18L, "the rounded number leaves the range of 64 bits");
    return Value::integer(static_cast<std::int64_t>(result));
  }
  if (!std::isfinite(value.real()) || digits > 330) return value;
  char text[700];  // 309 digits, the point and those behind it
  std::snprintf(text, sizeof text, "%.*f", static_cast<int>(digits), value.real());
  return Value::real(std::strtod(text, nullptr));
}

Value round(const Call& call) {
  const Parameters parameters(call, {"precision", "method"});
  const std::string method = parameters.text(1, "common");
  require(method == "common" || method == "ceil" || method == "floor",
          "round's method must be common, ceil or floor, not {}", printable(method));
  const Value& value = call.self;
  if (value.is(Kind::undefined)) fail("{}", value.hint());
  require(value.is_number(), "round needs a number, not '{}'", type_name(value));
  const std::int64_t digits = parameters.integer(0, 0);
  if (method == "common") return rounded(value, digits);
  const Value unit =
      apply(call.budget, Operator::power, Value::integer(10), Value::integer(digits));
  const double scaled = apply(call.budget, Operator::multiply, value, unit).real();
  require(std::isfinite(scaled), "cannot convert {} to an integer", scaled);
  const double whole = method == "ceil" ? std::ceil(scaled) : std::floor(scaled);
  return apply(call.budget, Operator::divide, Value::real(whole), unit);
}

constexpr Method kFilters[] = {
    {"abs", absolute},
    {"float", to_real},
    {"int", to_integer},
    {"round", round},
};

}  // namespace

const Method* find_number_filter(std::string_view name) { return find_row(kFilters, name); }

}  // namespace frugal::text::jinja

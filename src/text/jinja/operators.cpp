#include "text/jinja/operators.h"

#include <cmath>
#include <limits>

#include "text/jinja/format.h"
#include "text/jinja/iterate.h"
#include "text/jinja/methods.h"

namespace frugal::text::jinja {

namespace {

constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};

[[noreturn]] void unsupported(Operator op, const Value& a, const Value& b) {
  fail("unsupported operand types for {}: '{}' and '{}'", kSymbols[static_cast<int>(op)],
       type_name(a), type_name(b));
}

[[noreturn]] void overflow() { fail("an integer leaves the range of 64 bits"); }

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  require(b != 0, "integer division or modulo by zero");
  if (b == -1) {
    if (a == std::numeric_limits<std::int64_t>::min()) overflow();
    return -a;
  }
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

std::int64_t modulo(std::int64_t a, std::int64_t b) {
  require(b != 0, "integer division or modulo by zero");
  if (b == -1) return 0;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) overflow();
  }
  return result;
}

Value apply_to_integers(Operator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case Operator::add:
      if (__builtin_add_overflow(a, b, &result)) overflow();
      break;
    case Operator::subtract:
      if (__builtin_sub_overflow(a, b, &result)) overflow();
      break;
    case Operator::multiply:
      if (__builtin_mul_overflow(a, b, &result)) overflow();
      break;
    case Operator::divide:
      require(b != 0, "division by zero");
      return Value::real(static_cast<double>(static_cast<long double>(a) / b));
    case Operator::floor_divide:
      result = floor_divide(a, b);
      break;
    case Operator::modulo:
      result = modulo(a, b);
      break;
    case Operator::power:
      if (b < 0) {
        require(a != 0, "0.0 cannot be raised to a negative power");
        return Value::real(std::pow(static_cast<double>(a), static_cast<double>(b)));
      }
      result = power(a, b);
  }
  return Value::integer(result);
}

// Python's: the sign of the divisor, and a quotient that fits the remainder.
double float_modulo(double a, double b) {
  double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

double float_floor_divide(double a, double b) {
  const double quotient = (a - float_modulo(a, b)) / b;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double floor = std::floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

double float_power(double a, double b) {
  require(a != 0 || b >= 0, "0.0 cannot be raised to a negative power");
  const double result = std::pow(a, b);
  require(!std::isnan(result) || std::isnan(a) || std::isnan(b),
          "a negative number raised to a fraction is a complex number, which templates lack");
  require(!std::isinf(result) || std::isinf(a) || std::isinf(b), "the result is too large");
  return result;
}

Value apply_to_floats(Operator op, double a, double b) {
  switch (op) {
    case Operator::add:
      return Value::real(a + b);
    case Operator::subtract:
      return Value::real(a - b);
    case Operator::multiply:
      return Value::real(a * b);
    case Operator::power:
      return Value::real(float_power(a, b));
    default:
      break;
  }
  require(b != 0, "float division by zero");
  if (op == Operator::divide) return Value::real(a / b);
  return Value::real(op == Operator::modulo ? float_modulo(a, b) : float_floor_divide(a, b));
}

Value repeat(Budget& budget, const Value& value, std::int64_t count) {
  const auto times = static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
  if (value.is(Kind::string)) {
    budget.allocate(times, value.text().size());
    std::string out;
    if (!value.text().empty()) {
      for (std::size_t i = 0; i < times; ++i) out += value.text();
    }
    return Value::string(budget, std::move(out), value.is_safe());
  }
  budget.allocate(times, value.items().size() * sizeof(Value));
  std::vector<Value> items;
  if (!value.items().empty()) {
    for (std::size_t i = 0; i < times; ++i) {
      items.insert(items.end(), value.items().begin(), value.items().end());
    }
  }
  return Value::sequence(budget, value.kind(), std::move(items));
}

bool is_repeatable(const Value& value) {
  return value.is(Kind::string) || value.is(Kind::list) || value.is(Kind::tuple);
}

Value join_texts(Budget& budget, const Value& a, const Value& b) {
  const bool safe = a.is_safe() || b.is_safe();
  TextBuilder out(budget);
  for (const Value* side : {&a, &b}) {
    out.append(safe && !side->is_safe() ? escaped(budget, side->text()) : side->text());
  }
  return Value::string(budget, out.take(), safe);
}

Value join_sequences(Budget& budget, const Value& a, const Value& b) {
  budget.allocate(a.items().size() + b.items().size(), sizeof(Value));
  std::vector<Value> items = a.items();
  items.insert(items.end(), b.items().begin(), b.items().end());
  return Value::sequence(budget, a.kind(), std::move(items));
}

}  // namespace

Value apply(Budget& budget, Operator op, const Value& a, const Value& b) {
  budget.step();
  if (op == Operator::modulo && a.is(Kind::string)) return format_printf(budget, a, b);
  for (const Value* side : {&a, &b}) {
    if (side->is(Kind::undefined)) fail("{}", side->hint());
  }
  if (a.is_integral() && b.is_integral()) return apply_to_integers(op, a.integer(), b.integer());
  if (a.is_number() && b.is_number()) return apply_to_floats(op, a.real(), b.real());
  if (op == Operator::add && a.kind() == b.kind()) {
    if (a.is(Kind::string)) return join_texts(budget, a, b);
    if (a.is(Kind::list) || a.is(Kind::tuple)) return join_sequences(budget, a, b);
  }
  if (op == Operator::multiply && is_repeatable(a) && b.is_integral()) {
    return repeat(budget, a, b.integer());
  }
  if (op == Operator::multiply && is_repeatable(b) && a.is_integral()) {
    return repeat(budget, b, a.integer());
  }
  unsupported(op, a, b);
}

Value negate(Budget& budget, const Value& value) {
  if (value.is_integral()) return apply_to_integers(Operator::subtract, 0, value.integer());
  if (value.is(Kind::real)) return Value::real(-value.real());
  return plus(budget, value);
}

Value plus(Budget&, const Value& value) {
  if (value.is_integral()) return Value::integer(value.integer());
  if (value.is(Kind::real)) return value;
  if (value.is(Kind::undefined)) fail("{}", value.hint());
  fail("bad operand type for a sign: '{}'", type_name(value));
}

bool contains(Budget& budget, const Value& container, const Value& item) {
  if (container.is(Kind::string)) {
    require(item.is(Kind::string), "'in <string>' requires string as left operand, not {}",
            type_name(item));
    return find_text(budget, container.text(), item.text(), 0) != std::string::npos;
  }
  if (container.is(Kind::dict)) return container.dict().find(budget, item) != nullptr;
  if (container.is_sequence()) {
    for (const Value& candidate : container.items()) {
      if (equal(budget, candidate, item)) return true;
    }
    return false;
  }
  const ObjectPtr iterator = iterate(budget, container);
  while (const std::optional<Value> candidate = iterator->next(budget)) {
    if (equal(budget, *candidate, item)) return true;
  }
  return false;
}

Value call(Budget& budget, const Value& callee, const Arguments& arguments) {
  if (callee.is(Kind::undefined)) fail("{}", callee.hint());
  require(callee.is(Kind::object), "'{}' object is not callable", type_name(callee));
  // A copy, which outlives the call, whatever the call does.
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
  const ObjectPtr object = callee.object();
  return object->call(budget, arguments);
}

std::string escaped(Budget& budget, std::string_view text) {
  TextBuilder out(budget);
  for (const char c : text) {
    switch (c) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '\'':
        out.append("&#39;");
        break;
      case '"':
        out.append("&#34;");
        break;
      default:
        out.append(c);
    }
  }
  return out.take();
}

}  // namespace frugal::text::jinja

#include "text/jinja/tests.h"

#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/iterate.h"
#include "text/jinja/operators.h"

namespace frugal::text::jinja {

namespace {

// A test without arguments that looks at the value alone.
template <bool (*holds)(const Value&)>
Value simple(const Call& call) {
  const Parameters none(call, {});
  return Value::boolean(holds(call.self));
}

template <Kind wanted>
bool is_kind(const Value& value) {
  return value.is(wanted);
}
bool is_defined(const Value& value) { return !value.is(Kind::undefined); }
bool is_true(const Value& value) { return value.is(Kind::boolean) && value.truth(); }
bool is_false(const Value& value) { return value.is(Kind::boolean) && !value.truth(); }
bool is_number(const Value& value) { return value.is_number(); }
bool is_escaped(const Value& value) { return value.is_safe(); }
bool is_callable(const Value& value) {
  return value.is(Kind::undefined) || (value.is(Kind::object) && value.object()->callable());
}
bool is_indexable(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::string:
    case Kind::list:
    case Kind::tuple:
    case Kind::range:
    case Kind::dict:
      return true;
    default:
      return false;
  }
}

// The rest of the division by `divisor` is `rest`.
Value leaves(const Call& call, std::int64_t divisor, std::int64_t rest) {
  const Parameters none(call, {});
  const Value found = apply(call.budget, Operator::modulo, call.self, Value::integer(divisor));
  return Value::boolean(equal(call.budget, found, Value::integer(rest)));
}
Value is_odd(const Call& call) { return leaves(call, 2, 1); }
Value is_even(const Call& call) { return leaves(call, 2, 0); }

Value is_divisible(const Call& call) {
  const Parameters parameters(call, {"num"}, 1);
  const Value rest = apply(call.budget, Operator::modulo, call.self, parameters[0]);
  return Value::boolean(equal(call.budget, rest, Value::integer(0)));
}

template <bool wanted>
Value is_equal(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  return Value::boolean(equal(call.budget, call.self, parameters[0]) == wanted);
}

enum class Order { less, less_equal, greater, greater_equal };

template <Order order>
Value is_ordered(const Call& call) {
  const Parameters parameters(call, {""}, 1);
  const std::optional<int> found = compare(call.budget, call.self, parameters[0], call.name);
  if (!found) return Value::boolean(false);
  switch (order) {
    case Order::less:
      return Value::boolean(*found < 0);
    case Order::less_equal:
      return Value::boolean(*found <= 0);
    case Order::greater:
      return Value::boolean(*found > 0);
    default:
      return Value::boolean(*found >= 0);
  }
}

Value is_in(const Call& call) {
  const Parameters parameters(call, {"seq"}, 1);
  return Value::boolean(contains(call.budget, parameters[0], call.self));
}

Value is_same(const Call& call) {
  const Parameters parameters(call, {"other"}, 1);
  return Value::boolean(call.self.same(parameters[0]));
}

// Whether the value, as text, answers a method such as islower() with true.
template <bool lower>
Value has_case(const Call& call) {
  const Parameters none(call, {});
  const Value text = Value::string(call.budget, to_text(call.budget, call.self));
  const std::string_view method = lower ? "islower" : "isupper";
  return find_string_method(method)->function({call.budget, method, text, call.arguments});
}

template <const Method* (*find)(std::string_view)>
Value is_known(const Call& call) {
  const Parameters none(call, {});
  return Value::boolean(call.self.is(Kind::string) && find(call.self.text()) != nullptr);
}

constexpr Method kTests[] = {
    {"!=", is_equal<false>},
    {"<", is_ordered<Order::less>},
    {"<=", is_ordered<Order::less_equal>},
    {"==", is_equal<true>},
    {">", is_ordered<Order::greater>},
    {">=", is_ordered<Order::greater_equal>},
    {"boolean", simple<is_kind<Kind::boolean>>},
    {"callable", simple<is_callable>},
    {"defined", simple<is_defined>},
    {"divisibleby", is_divisible},
    {"eq", is_equal<true>},
    {"equalto", is_equal<true>},
    {"escaped", simple<is_escaped>},
    {"even", is_even},
    {"false", simple<is_false>},
    {"filter", is_known<find_filter>},
    {"float", simple<is_kind<Kind::real>>},
    {"ge", is_ordered<Order::greater_equal>},
    {"greaterthan", is_ordered<Order::greater>},
    {"gt", is_ordered<Order::greater>},
    {"in", is_in},
    {"integer", simple<is_kind<Kind::integer>>},
    {"iterable", simple<is_iterable>},
    {"le", is_ordered<Order::less_equal>},
    {"lessthan", is_ordered<Order::less>},
    {"lower", has_case<true>},
    {"lt", is_ordered<Order::less>},
    {"mapping", simple<is_kind<Kind::dict>>},
    {"ne", is_equal<false>},
    {"none", simple<is_kind<Kind::none>>},
    {"number", simple<is_number>},
    {"odd", is_odd},
    {"sameas", is_same},
    {"sequence", simple<is_indexable>},
    {"string", simple<is_kind<Kind::string>>},
    {"test", is_known<find_test>},
    {"true", simple<is_true>},
    {"undefined", simple<is_kind<Kind::undefined>>},
    {"upper", has_case<false>},
};

}  // namespace

const Method* find_test(std::string_view name) { return find_row(kTests, name); }

}  // namespace frugal::text::jinja

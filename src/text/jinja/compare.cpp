// Python's ==, < and hash().
#include <algorithm>
#include <cmath>
#include <functional>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

namespace {

// Wide enough to hold every int64 and every double, so that no comparison rounds.
long double wide(const Value& number) {
  return number.is_integral() ? static_cast<long double>(number.integer())
                              : static_cast<long double>(number.real());
}

bool contains_equal(Budget& budget, const std::vector<Value>& items, const Value& wanted) {
  return std::any_of(items.begin(), items.end(),
                     [&](const Value& item) { return equal(budget, item, wanted); });
}

bool equal_sequences(Budget& budget, const Sequence& a, const Sequence& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size()) return false;
  if (a.kind == Kind::values) return &a == &b;
  if (a.kind == Kind::keys || a.kind == Kind::items) {  // compared as sets
    return std::all_of(a.items.begin(), a.items.end(),
                       [&](const Value& item) { return contains_equal(budget, b.items, item); });
  }
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(),
                    [&](const Value& x, const Value& y) { return equal(budget, x, y); });
}

bool equal_dicts(Budget& budget, const Dict& a, const Dict& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.entries().begin(), a.entries().end(), [&](const Dict::Entry& entry) {
    const Value* other = b.find(budget, entry.first);
    return other != nullptr && equal(budget, entry.second, *other);
  });
}

std::optional<int> compare_sequences(Budget& budget, const std::vector<Value>& a,
                                     const std::vector<Value>& b, std::string_view op) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (!equal(budget, a[i], b[i])) return compare(budget, a[i], b[i], op);
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

}  // namespace

bool equal(Budget& budget, const Value& a, const Value& b) {
  const Recursion guard(budget);
  budget.step();
  if (a.is_number() && b.is_number()) return wide(a) == wide(b);
  if (a.is_sequence() && b.is_sequence())
    return equal_sequences(budget, a.sequence(), b.sequence());
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::none:
    case Kind::undefined:
      return true;
    case Kind::string:
      budget.step(a.text().size() / 64);
      return a.text() == b.text();
    case Kind::dict:
      return equal_dicts(budget, a.dict(), b.dict());
    default:
      return a.same(b);
  }
}

std::optional<int> compare(Budget& budget, const Value& a, const Value& b, std::string_view op) {
  const Recursion guard(budget);
  budget.step();
  for (const Value* side : {&a, &b})
    require(!side->is(Kind::undefined), "{}", side->is(Kind::undefined) ? side->hint() : "");
  if (a.is_number() && b.is_number()) {
    const long double x = wide(a);
    const long double y = wide(b);
    if (std::isnan(x) || std::isnan(y)) return std::nullopt;
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is(Kind::string) && b.is(Kind::string)) {
    budget.step(a.text().size() / 64);
    return a.text().compare(b.text());  // the order of UTF-8 bytes is that of code points
  }
  if (a.kind() == b.kind() && (a.is(Kind::list) || a.is(Kind::tuple))) {
    return compare_sequences(budget, a.items(), b.items(), op);
  }
  fail("'{}' not supported between instances of '{}' and '{}'", op, type_name(a), type_name(b));
}

std::size_t hash(Budget& budget, const Value& value) {
  const Recursion guard(budget);
  budget.step();
  switch (value.kind()) {
    case Kind::none:
      return 1;
    case Kind::undefined:
      return 2;
    case Kind::boolean:
    case Kind::integer:
    case Kind::real:
      return std::hash<double>()(value.real());  // 1, 1.0 and True are equal
    case Kind::string:
      budget.step(value.text().size() / 64);
      return std::hash<std::string_view>()(value.text());
    case Kind::tuple:
    case Kind::range: {
      std::size_t result = 3;
      for (const Value& item : value.items()) result = result * 1000003 ^ hash(budget, item);
      return result;
    }
    case Kind::object:
      return std::hash<const void*>()(value.object().get());
    default:
      fail("unhashable type: '{}'", type_name(value));
  }
}

}  // namespace frugal::text::jinja

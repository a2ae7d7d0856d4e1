#include "text/jinja/iterate.h"

#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

Generator::Generator(Budget& budget, const Value& source, Next next)
    : nesting_(source.nesting() + 1), next_(std::move(next)) {
  budget.check_nesting(nesting_);
}

std::optional<Value> Generator::next(Budget& budget) {
  const Recursion guard(budget);
  budget.step();
  return next_(budget);
}

namespace {

// The items of a sequence, the keys of a dict, or the characters of a string.
Generator::Next walk(const Value& value) {
  if (value.is(Kind::string)) {
    return [value, offset = std::size_t{0}](Budget& budget) mutable -> std::optional<Value> {
      const std::string& text = value.text();
      if (offset >= text.size()) return std::nullopt;
      const std::size_t start = offset;
      next_code_point(text, offset);
      return Value::string(budget, text.substr(start, offset - start));
    };
  }
  if (value.is(Kind::dict)) {
    return [value, i = std::size_t{0}](Budget&) mutable -> std::optional<Value> {
      if (i >= value.dict().size()) return std::nullopt;
      return value.dict().entries()[i++].first;
    };
  }
  return [value, i = std::size_t{0}](Budget&) mutable -> std::optional<Value> {
    if (i >= value.items().size()) return std::nullopt;
    return value.items()[i++];
  };
}

}  // namespace

bool is_iterable(const Value& value) {
  if (value.is(Kind::object)) return value.object()->iterable();
  return value.is(Kind::undefined) || value.is(Kind::string) || value.is(Kind::dict) ||
         value.is_sequence();
}

ObjectPtr iterate(Budget& budget, const Value& value) {
  require(is_iterable(value), "'{}' object is not iterable", type_name(value));
  if (value.is(Kind::object)) return value.object();
  if (value.is(Kind::undefined)) {
    return std::make_shared<Generator>(budget, Value(), [](Budget&) { return std::nullopt; });
  }
  return std::make_shared<Generator>(budget, value, walk(value));
}

std::vector<Value> to_items(Budget& budget, const Value& value) {
  if (value.is_sequence()) {
    budget.allocate(value.items().size(), sizeof(Value));
    return value.items();
  }
  const ObjectPtr iterator = iterate(budget, value);
  std::vector<Value> items;
  while (std::optional<Value> item = iterator->next(budget)) {
    budget.allocate(sizeof(Value));
    items.push_back(std::move(*item));
  }
  return items;
}

ObjectPtr reversed(Budget& budget, const Value& value) {
  require(!value.is(Kind::object) && is_iterable(value), "'{}' object is not reversible",
          type_name(value));
  std::vector<Value> items = to_items(budget, value);
  return std::make_shared<Generator>(
      budget, value, [items = std::move(items)](Budget&) mutable -> std::optional<Value> {
        if (items.empty()) return std::nullopt;
        Value item = std::move(items.back());
        items.pop_back();
        return item;
      });
}

std::size_t length_of(Budget& budget, const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return 0;
    case Kind::string:
      budget.step(value.text().size() / 64);
      return length(value.text());
    case Kind::dict:
      return value.dict().size();
    case Kind::object:
      if (const auto count = value.object()->length(budget)) return *count;
      break;
    default:
      if (value.is_sequence()) return value.items().size();
  }
  fail("object of type '{}' has no len()", type_name(value));
}

}  // namespace frugal::text::jinja

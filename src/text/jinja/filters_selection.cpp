// Filters that apply other filters and tests, and that look into objects.
#include <algorithm>
#include <charconv>

#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/iterate.h"
#include "text/jinja/operators.h"
#include "text/jinja/tests.h"

namespace frugal::text::jinja {

namespace {

// One step of a path: a number when it is all digits.
Value path_step(Budget& budget, std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec == std::errc() && result.ptr == end && text[0] != '-') {
    return Value::integer(number);
  }
  return Value::string(budget, std::string(text));
}

}  // namespace

Value get_path(Budget& budget, const Value& item, const Value& path, const Value* otherwise) {
  if (path.is(Kind::none)) return item;
  const auto step = [&](const Value& from, const Value& index) {
    Value found = get_item(budget, from, index);
    return found.is(Kind::undefined) && otherwise != nullptr ? *otherwise : found;
  };
  if (!path.is(Kind::string)) return step(item, path);
  Value value = item;
  std::string_view rest = path.text();
  while (true) {
    const std::size_t dot = rest.find('.');
    value = step(value, path_step(budget, rest.substr(0, dot)));
    if (dot == std::string_view::npos) return value;
    rest.remove_prefix(dot + 1);
  }
}

namespace {

Value take_first(Arguments& arguments, std::string_view missing) {
  require(!arguments.positional.empty(), "{}", missing);
  Value value = std::move(arguments.positional.front());
  arguments.positional.erase(arguments.positional.begin());
  return value;
}

std::optional<Value> take_named(Arguments& arguments, std::string_view name) {
  const auto found = std::find_if(arguments.named.begin(), arguments.named.end(),
                                  [&](const auto& argument) { return argument.first == name; });
  if (found == arguments.named.end()) return std::nullopt;
  Value value = std::move(found->second);
  arguments.named.erase(found);
  return value;
}

const Method& require_found(const Method* found, const Value& name, std::string_view what) {
  if (name.is(Kind::undefined)) fail("{}; is the name of the {} quoted?", name.hint(), what);
  require(found != nullptr, "no {} named '{}'", what,
          name.is(Kind::string) ? printable(name.text()) : std::string(type_name(name)));
  return *found;
}

const Method* find_by(const Method* (*find)(std::string_view), const Value& name) {
  return name.is(Kind::string) ? find(name.text()) : nullptr;
}

using Transform = std::function<Value(Budget&, const Value&)>;

Transform map_function(Arguments arguments) {
  if (arguments.positional.empty()) {
    if (const std::optional<Value> attribute = take_named(arguments, "attribute")) {
      const std::optional<Value> otherwise = take_named(arguments, "default");
      require(arguments.named.empty(), "map has no argument named '{}'",
              arguments.named.empty() ? "" : printable(arguments.named[0].first));
      return [=](Budget& budget, const Value& item) {
        const bool has_default = otherwise && !otherwise->is(Kind::none);
        return get_path(budget, item, *attribute, has_default ? &*otherwise : nullptr);
      };
    }
  }
  const Value name = take_first(arguments, "map requires a filter argument");
  return [=](Budget& budget, const Value& item) {
    const Method& filter = require_found(find_by(find_filter, name), name, "filter");
    return filter.function({budget, filter.name, item, arguments});
  };
}

// What is not true has no items, whether it can be looped over or not.
LateIterator items_if_any(const Call& call) {
  return LateIterator(truthy(call.budget, call.self) ? call.self : Value::tuple(call.budget, {}));
}

// A generator that holds what the filter was called with.
Value make_generator(const Call& call, Generator::Next next) {
  std::vector<Value> held = call.arguments.positional;
  for (const auto& argument : call.arguments.named) held.push_back(argument.second);
  held.push_back(call.self);
  return Value::object(std::make_shared<Generator>(
      call.budget, Value::tuple(call.budget, std::move(held)), std::move(next)));
}

Value map(const Call& call) {
  return make_generator(call,
                        [items = items_if_any(call), arguments = call.arguments,
                         function = Transform()](Budget& budget) mutable -> std::optional<Value> {
                          const std::optional<Value> item = items.next(budget);
                          if (!item) return std::nullopt;
                          if (!function) function = map_function(arguments);
                          return function(budget, *item);
                        });
}

// Whether an item passes: by the test that the arguments name, or by being true.
bool passes(Budget& budget, const Value& item, Arguments arguments) {
  if (arguments.positional.empty()) return truthy(budget, item);
  const Value name = take_first(arguments, "");
  const Method& test = require_found(find_by(find_test, name), name, "test");
  return test.function({budget, test.name, item, arguments}).truth();
}

template <bool wanted, bool by_attribute>
Value select(const Call& call) {
  return make_generator(call,
                        [items = items_if_any(call),
                         all = call.arguments](Budget& budget) mutable -> std::optional<Value> {
                          while (std::optional<Value> item = items.next(budget)) {
                            Arguments arguments = all;
                            Value tested = *item;
                            if (by_attribute) {
                              const Value path =
                                  take_first(arguments, "Missing parameter for attribute name");
                              tested = get_path(budget, *item, path);
                            }
                            if (passes(budget, tested, std::move(arguments)) == wanted) return item;
                          }
                          return std::nullopt;
                        });
}

Value or_default(const Call& call) {
  const Parameters parameters(call, {"default_value", "boolean"});
  const bool replaces = call.self.is(Kind::undefined) || (parameters.truth(call.budget, 1, false) &&
                                                          !truthy(call.budget, call.self));
  if (!replaces) return call.self;
  return parameters.get(0) == nullptr ? Value::string(call.budget, "") : parameters[0];
}

Value attribute(const Call& call) {
  const Parameters parameters(call, {"name"}, 1);
  const std::string& name = parameters.text(0);
  if (std::optional<Value> found = find_attribute(call.budget, call.self, name)) return *found;
  return Value::undefined(
      fmt::format("'{} object' has no attribute '{}'", type_name(call.self), printable(name)));
}

constexpr Method kFilters[] = {
    {"attr", attribute},
    {"d", or_default},
    {"default", or_default},
    {"map", map},
    {"reject", select<false, false>},
    {"rejectattr", select<false, true>},
    {"select", select<true, false>},
    {"selectattr", select<true, true>},
};

}  // namespace

const Method* find_selection_filter(std::string_view name) { return find_row(kFilters, name); }

}  // namespace frugal::text::jinja

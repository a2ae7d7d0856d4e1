// Attributes, items and slices.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "text/jinja/iterate.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace frugal::text::jinja {

namespace {

Value missing_attribute(Budget& budget, const Value& object, const std::string& name) {
  return Value::undefined(object.is(Kind::none)
                              ? fmt::format("'None' has no attribute {}", quoted(budget, name))
                              : fmt::format("'{} object' has no attribute {}", type_name(object),
                                            quoted(budget, name)));
}

// The place of `index` in a sequence of `size`, negative ones counted from the end; nothing when
// outside.
std::optional<std::size_t> place(std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (index < 0) index += count;
  if (index < 0 || index >= count) return std::nullopt;
  return static_cast<std::size_t>(index);
}

std::optional<Value> find_item(Budget& budget, const Value& object, const Value& index) {
  if (object.is(Kind::dict)) {
    // Python's TypeError for an unhashable key is caught by Jinja and leads to undefined.
    if (index.is(Kind::list) || index.is(Kind::dict)) return std::nullopt;
    const Value* value = object.dict().find(budget, index);
    return value == nullptr ? std::nullopt : std::optional<Value>(*value);
  }
  if (!index.is_integral()) return std::nullopt;
  if (object.is(Kind::string)) {
    budget.step(object.text().size() / 64);
    const auto at = place(index.integer(), length(object.text()));
    if (!at) return std::nullopt;
    return Value::string(budget, std::string(substring(object.text(), *at, *at + 1)),
                         object.is_safe());
  }
  if (object.is(Kind::list) || object.is(Kind::tuple) || object.is(Kind::range)) {
    const auto at = place(index.integer(), object.items().size());
    if (at) return object.items()[*at];
  }
  return std::nullopt;
}

// A slice with its indices made absolute, as Python's slice.indices() does.
struct Slice {
  std::int64_t start;
  std::int64_t stop;
  std::int64_t step;
  std::size_t count;
};

std::optional<std::int64_t> slice_index(const Value& value) {
  if (value.is(Kind::none)) return std::nullopt;
  require(value.is_integral(), "slice indices must be integers or None, not {}", type_name(value));
  return value.integer();
}

Slice resolve_slice(std::size_t size, const Value& start, const Value& stop, const Value& step) {
  const auto count = static_cast<std::int64_t>(size);
  // Bounded, so that the arithmetic below cannot overflow; larger steps reach no second item.
  const std::int64_t by =
      std::clamp<std::int64_t>(slice_index(step).value_or(1), -count - 1, count + 1);
  require(by != 0, "slice step cannot be zero");
  const std::int64_t lowest = by < 0 ? -1 : 0;
  const std::int64_t highest = by < 0 ? count - 1 : count;
  const auto absolute = [&](const Value& value, std::int64_t otherwise) {
    const std::optional<std::int64_t> index = slice_index(value);
    if (!index) return otherwise;
    return std::clamp(*index < 0 ? *index + count : *index, lowest, highest);
  };
  const std::int64_t from = absolute(start, by < 0 ? highest : lowest);
  const std::int64_t to = absolute(stop, by < 0 ? lowest : highest);
  const std::int64_t distance = by < 0 ? from - to : to - from;
  const std::int64_t stride = by < 0 ? -by : by;
  return {from, to, by,
          distance <= 0 ? 0 : static_cast<std::size_t>((distance + stride - 1) / stride)};
}

Value slice_text(Budget& budget, const Value& object, const Value& start, const Value& stop,
                 const Value& step) {
  const std::string& text = object.text();
  budget.step(text.size() / 64);
  const Slice slice = resolve_slice(length(text), start, stop, step);
  std::string out;
  if (slice.step == 1) {
    const auto first = static_cast<std::size_t>(slice.start);
    out = substring(text, first, first + slice.count);
  } else {
    budget.allocate(text.size(), sizeof(char32_t));
    const std::vector<char32_t> characters = code_points(text);
    for (std::size_t i = 0; i < slice.count; ++i) {
      const auto offset = static_cast<std::int64_t>(i) * slice.step;
      append_utf8(out, characters[static_cast<std::size_t>(slice.start + offset)]);
    }
  }
  return Value::string(budget, std::move(out), object.is_safe());
}

// The part of a range is a range.
Value slice_range(Budget& budget, const Value& object, const Slice& slice) {
  const auto& [start, stop, step] = object.sequence().bounds;
  // Slices of slices let the bounds grow beyond those that range() takes.
  constexpr std::int64_t kLargest = std::int64_t{1} << 40;
  require(std::abs(start) <= kLargest && std::abs(step) <= kLargest,
          "a slice of a range with bounds beyond {}", kLargest);
  return Value::range(budget, start + slice.start * step, start + slice.stop * step,
                      slice.step * step);
}

}  // namespace

std::optional<Value> find_attribute(Budget& budget, const Value& object, const std::string& name) {
  if (object.is(Kind::undefined)) fail("{}", object.hint());
  // As in Jinja's sandbox, private attributes are out of reach.
  if (!name.empty() && name[0] == '_') return std::nullopt;
  if (object.is(Kind::object)) return object.object()->attribute(budget, name);
  if (object.is_sequence()) {
    const std::vector<std::string>& fields = object.sequence().fields;
    const auto field = std::find(fields.begin(), fields.end(), name);
    if (field != fields.end()) {
      return object.items()[static_cast<std::size_t>(field - fields.begin())];
    }
  }
  return find_method(budget, object, name);
}

Value get_attribute(Budget& budget, const Value& object, const std::string& name) {
  budget.step();
  if (std::optional<Value> attribute = find_attribute(budget, object, name)) return *attribute;
  if (object.is(Kind::dict) && !is_mutating_method(object, name)) {
    if (const Value* item = object.dict().find(budget, name)) return *item;
  }
  return missing_attribute(budget, object, name);
}

Value get_item(Budget& budget, const Value& object, const Value& index) {
  budget.step();
  if (object.is(Kind::undefined)) fail("{}", object.hint());
  if (std::optional<Value> item = find_item(budget, object, index)) return *item;
  if (!index.is(Kind::string)) {
    return Value::undefined(
        fmt::format("{} object has no element {}", type_name(object), to_repr(budget, index)));
  }
  if (std::optional<Value> attribute = find_attribute(budget, object, index.text())) {
    return *attribute;
  }
  return missing_attribute(budget, object, index.text());
}

Value get_slice(Budget& budget, const Value& object, const Value& start, const Value& stop,
                const Value& step) {
  if (object.is(Kind::undefined)) fail("{}", object.hint());
  if (object.is(Kind::string)) return slice_text(budget, object, start, stop, step);
  require(object.is(Kind::list) || object.is(Kind::tuple) || object.is(Kind::range),
          "'{}' object cannot be sliced", type_name(object));
  const std::vector<Value>& items = object.items();
  const Slice slice = resolve_slice(items.size(), start, stop, step);
  if (object.is(Kind::range)) {
    return slice_range(budget, object, slice);
  }
  budget.allocate(slice.count, sizeof(Value));
  std::vector<Value> out;
  out.reserve(slice.count);
  for (std::size_t i = 0; i < slice.count; ++i) {
    const auto offset = static_cast<std::int64_t>(i) * slice.step;
    out.push_back(items[static_cast<std::size_t>(slice.start + offset)]);
  }
  return Value::sequence(budget, object.kind(), std::move(out));
}

}  // namespace frugal::text::jinja
